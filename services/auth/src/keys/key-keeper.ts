import { backoffMs, pause, type Random } from '@sekisho/kube';
import { type Jwks, regionOfKid, type SigningAlgorithm } from '@sekisho/tokens';
import type { Actor } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import { carryOut } from './carry-out.ts';
import { type GatherOptions, gatherKeys } from './gather-keys.ts';
import { waitsFor } from './holders.ts';
import type { KeyHistory, KeysRead, NewKey, StoredKey } from './key-store.ts';
import { latestRead } from './latest-read.ts';
import { isNewcomer } from './newcomer.ts';
import { readableKeys } from './readable-keys.ts';
import { type KeyRegion, NO_REGION } from './region.ts';
import { type DueStep, nextStep, type RotationRules, type Step, wantedKey } from './rotation.ts';
import type { SealedKey, SignerRing } from './signer-ring.ts';
import type { KeyTiming } from './timing.ts';

/** What a keeper tells of its work: for log and metrics. */
export interface KeyObserver {
  /** After each look at the database. */
  seen(keys: readonly StoredKey[], now: number, rest: Step & { kind: 'rest' }): void;
  done(step: DueStep): void;
  compromised(kid: string): void;
  /** Keys of other regions that cannot be published here; none: all can. */
  unreadable(kids: readonly string[]): void;
  failed(error: unknown): void;
}

/** Revokes every token that a key signed or will sign. */
export type RevokeKey = (kid: string) => Promise<void>;

export interface KeyKeeperOptions<Ring extends SignerRing> extends Pick<GatherOptions, 'store' | 'spread' | 'clock'> {
  /** Holds what the keeper reads. */
  readonly ring: Ring;
  readonly rules: Omit<RotationRules, 'settleMs' | 'cacheMs' | 'region'>;
  readonly timing: KeyTiming;
  /** @default there are no regions */
  readonly region?: KeyRegion;
  /** Regions that are given up: a key signs without them. @default none */
  readonly lostRegions?: () => readonly string[];
  readonly revokeKey: RevokeKey;
  readonly observer: KeyObserver;
  readonly random: Random;
}

/** A key with the regions that it waits for, before it may sign. */
export interface ListedKey extends KeyHistory {
  readonly waitsFor: readonly string[];
}

const FIRST_RETRY_MS = 500;
/** Of one look; more are due only if replicas keep overtaking each other. */
const MAX_STEPS = 8;
const HISTORY_LIMIT = 100;

/** The published keys, when they were so, and the kind of key that is wanted beside them. */
export interface LiveKeys extends Pick<KeysRead, 'now' | 'keys'> {
  readonly wanted: SigningAlgorithm | undefined;
  /** In whose name a key is wanted; empty where there are no regions. */
  readonly region: string;
  /** The public halves of the signer's keys in other regions. */
  readonly others: Jwks;
}

/** Keeps a signer's keys in this process as the database has them, and does what is due: whichever replica comes first does it. */
export class KeyKeeper<Ring extends SignerRing = SignerRing> {
  readonly #options: KeyKeeperOptions<Ring>;
  readonly #rules: RotationRules;
  readonly #gather: GatherOptions;
  readonly #stopping = new AbortController();
  /** Only a replica of the database answers. */
  #isCutOff = false;
  #looking: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(options: KeyKeeperOptions<Ring>) {
    const { timing, rules, region = NO_REGION, lostRegions = () => [], observer } = options;
    this.#options = { ...options, store: { ...options.store, read: latestRead(() => options.store.read()) } };
    this.#rules = { ...rules, settleMs: timing.settleMs, cacheMs: timing.cacheMs, region: region.name };
    const onUnreadable = (kids: readonly string[]) => observer.unreadable(kids);
    this.#gather = { ...this.#options, rules: this.#rules, region, lostRegions, onUnreadable };
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
    const { now, keys } = read;
    const { alg, region } = this.#rules;
    const others = await readableKeys(read.others);
    return { now, keys, wanted: this.#wanted(read) && alg, region, others: { keys: others.keys } };
  }

  /**
   * Takes in a key of a signer that is another process, if one is wanted; the same key once more changes nothing.
   * @throws AuthError `key_unwanted`, `unavailable`
   */
  async offer(key: SealedKey): Promise<void> {
    const { kid, alg } = key.publicJwk;
    const read = await this.#options.store.read();
    if (read.keys.some((known) => known.kid === kid)) return;
    const step = this.#wanted(read);
    const fits = alg === this.#rules.alg && (regionOfKid(kid) ?? '') === this.#rules.region;
    if (step !== undefined && fits) await this.#execute(step, key);
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
  async history(): Promise<readonly ListedKey[]> {
    const { store } = this.#options;
    const { region, lostRegions } = this.#gather;
    const lost = lostRegions();
    const keys = await store.history(HISTORY_LIMIT);
    return keys.map((key) => ({ ...key, waitsFor: waitsFor(key, region, lost) }));
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
        // A replica has no debts to be paid.
        if (!this.#isCutOff) await this.#revokeCompromised();
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
      const { keys, now, facts } = await gatherKeys(this.#gather, signal);
      this.#isCutOff = facts === undefined;
      const step: Step = facts === undefined ? { kind: 'rest' } : nextStep(keys, facts);
      if (step.kind === 'rest' || this.#awaitsOffer(step)) {
        observer.seen(keys, now, step.kind === 'rest' ? step : { kind: 'rest' });
        break;
      }
      await this.#execute(step);
    }
  }

  #wanted(read: KeysRead): ReturnType<typeof wantedKey> {
    return read.behindMs === undefined ? wantedKey(read.keys, isNewcomer(read, this.#rules)) : undefined;
  }

  #awaitsOffer({ kind }: Step): boolean {
    return (kind === 'start' || kind === 'prepare') && this.#options.ring.newKey === undefined;
  }

  /** A step that another replica made impossible, or made first, is none: the next look decides anew. */
  async #execute(step: DueStep, offered?: SealedKey): Promise<void> {
    const { store, observer } = this.#options;
    if (await carryOut(step, { store, newKey: () => this.#newKey(offered) })) observer.done(step);
  }

  async #newKey(offered: SealedKey | undefined): Promise<NewKey> {
    const { alg, region, longestTokenMs } = this.#rules;
    const key = offered ?? (await this.#options.ring.newKey?.(alg, region));
    if (key === undefined) throw new TypeError('the keys of this signer are offered, not made here');
    const { publicJwk, sealed } = key;
    return { kid: publicJwk.kid, alg: publicJwk.alg, sealed, publicJwk, longestTokenMs };
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
