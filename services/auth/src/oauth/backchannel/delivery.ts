import { type Clock, pause } from '@sekisho/kube';
import type { LogoutNotice, LogoutNotices } from '@sekisho/sessions';
import type { AuthMetrics } from '../../metrics.ts';
import { type Attempt, type AttemptOptions, createAttempt } from './attempt.ts';
import { createPauses, type Pauses } from './pauses.ts';

export interface LogoutDeliveryOptions extends Omit<AttemptOptions, 'pauses'> {
  readonly notices: LogoutNotices;
  readonly metrics: Pick<AuthMetrics, 'backchannelLogouts' | 'backchannelLogoutsWaiting'>;
  readonly clock: Clock;
}

const ROUND_MS = 1_000;
const AT_ONCE = 32;
/** Together with one that hangs (2.5 s) far below a notice's lease of a minute, after which it would be told twice. */
const TELLING_MS = 3_000;

/**
 * Tells applications what ended, in every replica: each takes what is due, and what one does not come back with is taken
 * by another. Applications are told side by side, and each of its own one after the other.
 */
export class LogoutDelivery {
  readonly #options: LogoutDeliveryOptions;
  readonly #pauses: Pauses;
  readonly #attempt: Attempt;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #failing = false;

  constructor(options: LogoutDeliveryOptions) {
    this.#options = options;
    this.#pauses = createPauses(options.clock, options.random);
    this.#attempt = createAttempt({ ...options, pauses: this.#pauses });
  }

  /** Goes round again and again until `stop`. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Resolves once nobody is being told any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** One round, which never rejects. @returns whether more may be due */
  async pass(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const isMore = await this.#round();
      if (this.#failing) log.info('applications are told of log-outs again');
      this.#failing = false;
      return isMore;
    } catch (err) {
      // Once, not every second of an outage.
      if (!this.#failing) log.warn({ err }, 'applications cannot be told of log-outs: it is tried again');
      this.#failing = true;
      return false;
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      // Up to a half less, so that replicas do not come in step.
      if (!(await this.pass())) await pause(clock, ROUND_MS * (0.5 + 0.5 * random()), signal);
    }
  }

  async #round(): Promise<boolean> {
    const { notices, metrics } = this.#options;
    const { notices: due, waiting } = await notices.take(AT_ONCE);
    metrics.backchannelLogoutsWaiting.set(waiting);
    const byClient = Map.groupBy(due, ({ clientId }) => clientId);
    // Each to its end: what is left running would be taken for done.
    const told = await Promise.allSettled([...byClient.values()].map((owed) => this.#tellOne(owed)));
    for (const result of told) if (result.status === 'rejected') throw result.reason;
    return due.length === AT_ONCE;
  }

  /** @param owed of one application */
  async #tellOne(owed: readonly LogoutNotice[]): Promise<void> {
    const { clock, notices } = this.#options;
    const end = clock.monotonic() + TELLING_MS;
    for (const [index, notice] of owed.entries()) {
      const wait = this.#pauses.remaining(notice.clientId);
      const isOver = this.#stopping.signal.aborted || clock.monotonic() >= end;
      if (isOver || wait > 0) await notices.postpone(notice, wait);
      else await this.#attempt(notice).catch((error: unknown) => this.#putBack(owed.slice(index), error));
    }
  }

  /** What could not even be tried waits for the next round, and not until its lease ends. */
  async #putBack(owed: readonly LogoutNotice[], error: unknown): Promise<never> {
    await Promise.all(owed.map((notice) => this.#options.notices.postpone(notice, ROUND_MS)));
    throw error;
  }
}
