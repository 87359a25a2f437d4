import type { KubeClient } from './client.ts';
import { type Clock, longestSince, type Moment, momentOf, pause, type Random, systemClock } from './clock.ts';
import { deadline } from './deadline.ts';
import { AlreadyExistsError, ConflictError, KubeError } from './errors.ts';
import { LeaseLock, type LeaseRecord } from './lease.ts';
import type { WriteGuard } from './write-guard.ts';

export interface LeaderElectionOptions {
  /**
   * Must be unguarded, and best has a transport of its own without a rate limit: a renewal that waits behind the work
   * loses the lease.
   */
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process, not only to its pod: a restarted container is another candidate. */
  readonly identity: string;
  /** How long a lease that is not renewed keeps others out. @default 15 s */
  readonly leaseMs?: number;
  /** Told of each failed call; electing goes on. */
  readonly onError: (error: unknown) => void;
  /** Told once when a call succeeds after some that failed. */
  readonly onRecovered?: () => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The holder stops at two thirds of the lease: the rest is for what was already sent when it stopped. */
const TRUST = 2 / 3;
/** How often the holder renews: several may fail before it must stop. */
const RENEW = 2 / 15;
/** Candidates look at least this often, so that a released lease is taken within about a second. */
const MAX_POLL_MS = 1_000;
/** Of the time the holder trusts its lease: one call that hangs leaves time for another. */
const CALL = 1 / 3;

/** What a term of leadership does. `term` aborts when it must end; the next term begins only after this has returned. */
export type Lead = (term: AbortSignal) => Promise<void>;

/**
 * Elects one leader among the processes that name the same Lease. No clock of two machines is compared: a candidate
 * counts from when it saw the Lease change last, the holder from before it sent its last renewal, and counts shorter.
 * @source client-go, tools/leaderelection; the same protocol, so both may compete for one Lease
 */
export class LeaderElection implements WriteGuard {
  readonly #options: Required<LeaderElectionOptions>;
  readonly #lock: LeaseLock;
  readonly #trustMs: number;
  readonly #renewMs: number;
  #term = new AbortController();
  /** When the last renewal that succeeded was about to be sent. */
  #renewedAt: Moment | undefined;
  #cancelExpiry: () => void = () => undefined;
  #seen: LeaseRecord | undefined;
  /** When this process first saw the Lease as it is; by the monotonic clock. */
  #seenAt = 0;
  /** The Lease may differ from `#seen`: it is not ours, or it is unclear what became of our last write. */
  #stale = true;
  /** A claim of this process was sent, so the Lease may carry its name. */
  #claimed = false;
  #failing = false;

  constructor(options: LeaderElectionOptions) {
    const onRecovered = () => undefined;
    this.#options = { leaseMs: 15_000, clock: systemClock, random: Math.random, onRecovered, ...options };
    this.#lock = new LeaseLock(options.client, options);
    this.#trustMs = this.#options.leaseMs * TRUST;
    this.#renewMs = this.#options.leaseMs * RENEW;
    this.#endTerm('this process was not elected yet');
  }

  /** Whether this process may act as the leader at this very moment. */
  get isLeading(): boolean {
    return !this.#term.signal.aborted && this.#remainingMs() > 0;
  }

  get signal(): AbortSignal {
    return this.#term.signal;
  }

  /** A process that was frozen may come here before any timer has run: only the age of the lease tells. */
  check(): void {
    if (this.isLeading) return;
    this.#endTerm('the lease ran out');
    throw new KubeError('not_leader', 'this process is not the leader');
  }

  /** Leads whenever it is elected, until `stop` aborts; then gives the lease up. Never throws. */
  async run(lead: Lead, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      if (await this.#holds(stop)) await this.#serve(lead, stop);
      await pause(this.#options.clock, this.#jittered(Math.min(MAX_POLL_MS, this.#renewMs)), stop);
    }
    await this.#release();
  }

  /** One term. Returns when nothing of it is left. */
  async #serve(lead: Lead, stop: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options;
    const term = new AbortController();
    this.#term = term;
    this.#expireInTime();
    const stopped = () => this.#endTerm('this process stops');
    if (stop.aborted) stopped();
    stop.addEventListener('abort', stopped);
    const work = Promise.resolve()
      .then(() => lead(term.signal))
      .catch(onError)
      .finally(() => this.#endTerm('its work ended'));
    while (!term.signal.aborted) {
      await pause(clock, this.#jittered(this.#renewMs), term.signal);
      if (!term.signal.aborted && (await this.#holds(term.signal))) this.#expireInTime();
    }
    await work;
    stop.removeEventListener('abort', stopped);
  }

  /** Takes or renews the lease; whether it is held then. A call that fails proves nothing: what is held runs on. */
  async #holds(signal: AbortSignal): Promise<boolean> {
    const { clock, onError, onRecovered } = this.#options;
    using limit = deadline(clock, this.#trustMs * CALL, 'the lease', signal);
    try {
      await this.#takeOrRenew(limit.signal);
      if (this.#failing) onRecovered();
      this.#failing = false;
    } catch (error) {
      if (!isOutrun(error) && !signal.aborted) {
        this.#failing = true;
        onError(error);
      }
    }
    return !signal.aborted && this.#remainingMs() > 0;
  }

  async #takeOrRenew(signal: AbortSignal): Promise<void> {
    try {
      await this.#claim(signal);
    } catch (error) {
      if (!isOutrun(error)) throw error;
      // By another candidate, or by an own write whose answer was lost: reading again tells.
      await this.#claim(signal);
    }
  }

  async #claim(signal: AbortSignal): Promise<void> {
    const { clock, identity, leaseMs } = this.#options;
    if (this.#stale) this.#observe(await this.#lock.read({ signal }));
    if (this.#isHeldByOther()) {
      this.#renewedAt = undefined;
      this.#endTerm('another process holds the lease');
      return;
    }
    const sentAt = momentOf(clock);
    this.#claimed = true;
    this.#stale = true;
    const claim = { holder: identity, durationMs: leaseMs };
    this.#observe(await this.#lock.hold(claim, { seen: this.#seen, now: new Date(clock.now()), signal }));
    this.#renewedAt = sentAt;
  }

  #observe(record: LeaseRecord | undefined): void {
    if (record?.fingerprint !== this.#seen?.fingerprint) this.#seenAt = this.#options.clock.monotonic();
    this.#seen = record;
    this.#stale = record?.holder !== this.#options.identity;
  }

  #isHeldByOther(): boolean {
    const { clock, identity, leaseMs } = this.#options;
    if (this.#seen === undefined || this.#seen.holder === '' || this.#seen.holder === identity) return false;
    return clock.monotonic() - this.#seenAt < (this.#seen.durationMs ?? leaseMs);
  }

  #remainingMs(): number {
    if (this.#renewedAt === undefined) return 0;
    return this.#trustMs - longestSince(this.#renewedAt, this.#options.clock);
  }

  #expireInTime(): void {
    this.#cancelExpiry();
    this.#cancelExpiry = this.#options.clock.after(this.#remainingMs(), () => this.#endTerm('the lease ran out'));
  }

  #endTerm(why: string): void {
    this.#cancelExpiry();
    this.#term.abort(new KubeError('not_leader', `this process may not write: ${why}`));
  }

  /** So that the next one need not wait for the lease to run out. When this fails, it waits. */
  async #release(): Promise<void> {
    if (!this.#claimed) return;
    this.#renewedAt = undefined;
    const { clock, identity, onError } = this.#options;
    using limit = deadline(clock, this.#trustMs * CALL, 'the release of the lease');
    try {
      const record = await this.#lock.read({ signal: limit.signal });
      if (record?.holder === identity) await this.#lock.release(record, { signal: limit.signal });
    } catch (error) {
      if (!(error instanceof ConflictError)) onError(error);
    }
  }

  #jittered(ms: number): number {
    return ms * (1 + 0.2 * this.#options.random());
  }
}

/** Someone wrote the Lease since it was read. */
function isOutrun(error: unknown): boolean {
  return error instanceof ConflictError || error instanceof AlreadyExistsError;
}
