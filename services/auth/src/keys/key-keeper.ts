import { backoffMs, type Clock, momentOf, pause, type Random } from '@sekisho/kube';
import type { SigningAlgorithm } from '@sekisho/tokens';
import type { Actor } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import type { ReportSpread } from './issuer-spread.ts';
import type { KeyHistory, KeyStore, NewKey, StoredKey } from './key-store.ts';
import { isPromotionDue, nextStep, type RotationRules, type Spread, type Step, wantedKey } from './rotation.ts';
import type { SealedKey, SignerRing } from './signer-ring.ts';
import type { KeyTiming } from './timing.ts';

/** What a keeper tells of its work: for log and metrics. */
export interface KeyObserver {
  /** After each look at the database. */
  seen(keys: readonly StoredKey[], now: number, rest: Step & { kind: 'rest' }): void;
  done(step: Exclude<Step, { kind: 'rest' }>): void;
  compromised(kid: string): void;
  failed(error: unknown): void;
}

/** Revokes every token that a key signed or will sign. */
export type RevokeKey = (kid: string) => Promise<void>;

export interface KeyKeeperOptions<Ring extends SignerRing> {
  readonly store: KeyStore;
  /** Holds what the keeper reads. */
  readonly ring: Ring;
  readonly rules: Omit<RotationRules, 'settleMs' | 'cacheMs'>;
  readonly timing: KeyTiming;
  readonly spread: ReportSpread;
  readonly revokeKey: RevokeKey;
  readonly observer: KeyObserver;
  readonly clock: Clock;
  readonly random: Random;
}

type Read = Awaited<ReturnType<KeyStore['read']>>;

const FIRST_RETRY_MS = 500;
/** Of one look; more are due only if replicas keep overtaking each other. */
const MAX_STEPS = 8;
const HISTORY_LIMIT = 100;

/** The published keys, when they were so, and the kind of key that is wanted beside them. */
export interface LiveKeys extends Read {
  readonly wanted: SigningAlgorithm | undefined;
}

/** Keeps a signer's keys in this process as the database has them, and does what is due: whichever replica comes first does it. */
export class KeyKeeper<Ring extends SignerRing = SignerRing> {
  readonly #options: KeyKeeperOptions<Ring>;
  readonly #rules: RotationRules;
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(options: KeyKeeperOptions<Ring>) {
    const { timing, rules } = options;
    this.#options = options;
    this.#rules = { ...rules, settleMs: timing.settleMs, cacheMs: timing.cacheMs };
  }

  get ring(): Ring {
    return this.#options.ring;
  }

  /** Milliseconds since the database was last read. */
  get ageMs(): number {
    return this.#options.ring.ageMs;
  }

  /** Looks again and again until `stop`. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Resolves once the database is not used any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#looking.catch(() => undefined);
  }

  /**
   * One level-based pass, after those that were asked for before: keys as they are, then what is due.
   * @throws AuthError `unavailable`, `key_unreadable`
   */
  look(): Promise<void> {
    const look = this.#looking.catch(() => undefined).then(() => this.#look(this.#stopping.signal));
    this.#looking = look;
    return look;
  }

  /**
   * Begins to replace the key that signs, or does nothing when that has begun.
   * @throws AuthError `unavailable`
   */
  async rotate(by?: Actor): Promise<void> {
    await this.#options.store.requestRotation(by);
    await this.look();
  }

  /**
   * The keys as the database has them at this moment, for a signer that is another process.
   * @throws AuthError `unavailable`
   */
  async live(): Promise<LiveKeys> {
    const read = await this.#options.store.read();
    return { ...read, wanted: wantedKey(read.keys) && this.#rules.alg };
  }

  /**
   * Takes in a key of a signer that is another process, if one is wanted; the same key once more changes nothing.
   * @throws AuthError `key_unwanted`, `unavailable`
   */
  async offer(key: SealedKey): Promise<void> {
    const { kid, alg } = key.publicJwk;
    const { keys } = await this.#options.store.read();
    if (keys.some((known) => known.kid === kid)) return;
    const step = wantedKey(keys);
    if (step !== undefined && alg === this.#rules.alg) await this.#execute(step, key);
    await this.look();
    const live = await this.#options.store.read();
    if (live.keys.some((known) => known.kid === kid)) return;
    throw new AuthError('key_unwanted', 'no such key is wanted: another one may have come first, list the keys again');
  }

  /**
   * Takes a key out of use at once, revokes what it signed and, if it was the one that signs, lets another one sign.
   * @throws AuthError `key_unknown`, or `unavailable`: then it may have happened in part, the rest follows by itself
   */
  async compromise(kid: string, by?: Actor): Promise<void> {
    const { store, observer } = this.#options;
    if (!(await store.compromise(kid, by))) throw new AuthError('key_unknown', 'there is no signing key with this kid');
    observer.compromised(kid);
    await this.look();
    await this.#revokeCompromised();
  }

  /** @throws AuthError `unavailable` */
  history(): Promise<readonly KeyHistory[]> {
    return this.#options.store.history(HISTORY_LIMIT);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, timing, observer } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      // Up to a half less, so that replicas do not come in step.
      const pollMs = timing.pollMs * (0.5 + 0.5 * random());
      const retryMs = backoffMs(failures, { baseMs: FIRST_RETRY_MS, maxMs: timing.pollMs }, random);
      await pause(clock, failures === 0 ? pollMs : retryMs, signal);
      if (signal.aborted) return;
      try {
        await this.look();
        await this.#revokeCompromised();
        failures = 0;
      } catch (error) {
        observer.failed(error);
        failures += 1;
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { observer } = this.#options;
    for (let steps = 0; steps < MAX_STEPS && !signal.aborted; steps += 1) {
      const { keys, now } = await this.#read();
      const spread = await this.#spread({ keys, now }, signal);
      const step = nextStep(keys, { rules: this.#rules, now, spread });
      if (step.kind === 'rest' || this.#awaitsOffer(step)) {
        observer.seen(keys, now, step.kind === 'rest' ? step : { kind: 'rest' });
        break;
      }
      await this.#execute(step);
    }
  }

  async #read(): Promise<Read> {
    const { store, clock, ring } = this.#options;
    const readAt = momentOf(clock);
    const read = await store.read();
    for (const { kid, from, to } of await ring.load(read.keys, readAt)) await store.reseal(kid, from, to);
    return read;
  }

  #awaitsOffer({ kind }: Step): boolean {
    return (kind === 'start' || kind === 'prepare') && this.#options.ring.newKey === undefined;
  }

  async #spread({ keys, now }: Read, signal: AbortSignal): Promise<Spread> {
    const next = keys.find(({ state }) => state === 'next');
    const matters = next !== undefined && isPromotionDue(keys, { rules: this.#rules, now });
    return matters ? this.#options.spread(next.kid, signal) : { kind: 'unreported' };
  }

  /** A step that another replica made impossible, or made first, is none: the next look decides anew. */
  async #execute(step: Exclude<Step, { kind: 'rest' }>, offered?: SealedKey): Promise<void> {
    if (await this.#carryOut(step, offered)) this.#options.observer.done(step);
  }

  async #carryOut(step: Exclude<Step, { kind: 'rest' }>, offered?: SealedKey): Promise<boolean> {
    const { store } = this.#options;
    switch (step.kind) {
      case 'start':
        return store.start(await this.#newKey(offered));
      case 'prepare':
        return store.prepare(await this.#newKey(offered), step.active);
      case 'discard':
        return store.discard(step.kid);
      case 'promote':
        return store.promote(step.kid, step.replaces);
      case 'retire':
        return store.retire(step.kid);
      case 'lengthen':
        return store.lengthen(step.longestTokenMs);
    }
  }

  async #newKey(offered: SealedKey | undefined): Promise<NewKey> {
    const { alg, longestTokenMs } = this.#rules;
    const key = offered ?? (await this.#options.ring.newKey?.(alg));
    if (key === undefined) throw new TypeError('the keys of this signer are offered, not made here');
    const { publicJwk, sealed } = key;
    return { kid: publicJwk.kid, alg: publicJwk.alg, sealed, publicJwk: offered && publicJwk, longestTokenMs };
  }

  /** Kept as a debt in the database: a revocation that failed, or whose process died, is made by whoever looks next. */
  async #revokeCompromised(): Promise<void> {
    const { store, revokeKey } = this.#options;
    for (const kid of await store.unrevoked()) {
      await revokeKey(kid);
      await store.markRevoked(kid);
    }
  }
}
