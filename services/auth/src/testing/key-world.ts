import { generateSigningKey } from '@sekisho/tokens';
import type { NewKey, StoredKey } from '../keys/key-store.ts';
import { nextStep, type RotationRules, type Spread, type Step } from '../keys/rotation.ts';
import { keyTiming } from '../keys/timing.ts';
import { memoryKeys } from './memory-keys.ts';

/*
 * A world of replicas without a clock in common: each looks at the keys when it likes (or never again), decides by what
 * it read some time ago, and signs by what it last read, as the ring lets it. Verifiers ask any of them.
 */
/** Nobody verifies anything with it. */
const { publicJwk } = await generateSigningKey();
export const SECOND = 1_000;
export const TOKEN_MS = 900 * SECOND;
export const SKEW_MS = 60 * SECOND;
export const timing = keyTiming(30 * SECOND);
export const rules: RotationRules = {
  alg: 'ES256',
  periodMs: 3_600 * SECOND,
  publishMs: 900 * SECOND,
  settleMs: timing.settleMs,
  cacheMs: timing.cacheMs,
  longestTokenMs: TOKEN_MS,
  cutOffMs: 0,
  region: '',
  maxRetiring: 14,
};

export interface Replica {
  /** How far its clock is ahead of the database's. */
  readonly skewMs: number;
  view: { readonly at: number; readonly now: number; readonly keys: readonly StoredKey[] } | undefined;
}

interface Token {
  readonly kid: string;
  /** When the last verifier stops to take it, by the database's clock. */
  readonly takenUntil: number;
}

export type Event =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'look'; readonly replica: number }
  | { readonly kind: 'act'; readonly replica: number }
  | { readonly kind: 'sign'; readonly replica: number; readonly lifeMs: number }
  | { readonly kind: 'fetch'; readonly replica: number }
  | { readonly kind: 'spread'; readonly held: boolean }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'compromise'; readonly which: number };

/** Makes keys that differ in their names. */
export function keyMaker(): () => NewKey {
  let made = 0;
  return () => {
    made += 1;
    return { kid: `key-${made}`, alg: rules.alg, sealed: new Uint8Array(1), publicJwk, longestTokenMs: TOKEN_MS };
  };
}

/** One of them, whatever the index. */
export function oneOf<T>(all: readonly T[], index: number): T {
  const found = all[index % all.length];
  if (found === undefined) throw new Error('there is none');
  return found;
}

/** What a ring lets out of what it last read: nothing when that is stale. */
export function fresh<View extends { readonly at: number }>(view: View | undefined, now: number): View | undefined {
  return view !== undefined && now - view.at <= timing.staleMs ? view : undefined;
}

export class World {
  now = 0;
  readonly store = memoryKeys(() => this.now);
  readonly replicas: Replica[];
  readonly tokens: Token[] = [];
  /** Key sets that somebody fetched, and when. */
  caches: { readonly at: number; readonly kids: readonly string[] }[] = [];
  readonly reported: boolean;
  heldSince: number | undefined;
  /** Keys that had to sign because no other did. */
  readonly atOnce = new Set<string>();
  readonly #hasty: string[] = [];
  readonly #newKey = keyMaker();

  constructor(skews: readonly number[], reported: boolean) {
    this.replicas = skews.map((skewMs) => ({ skewMs, view: undefined }));
    this.reported = reported;
  }

  async apply(event: Event): Promise<void> {
    switch (event.kind) {
      case 'pass':
        this.now += event.ms;
        return;
      case 'look':
        return this.look(this.replica(event.replica));
      case 'act':
        return this.act(this.replica(event.replica));
      case 'sign':
        return this.sign(this.replica(event.replica), event.lifeMs);
      case 'fetch':
        return this.fetch(this.replica(event.replica));
      case 'spread':
        this.heldSince = event.held ? (this.heldSince ?? this.now) : undefined;
        return;
      case 'rotate':
        return this.rotate();
      case 'compromise':
        await this.store.compromise([...this.store.rows.keys()][event.which % (this.store.rows.size || 1)] ?? '');
    }
  }

  replica(index: number): Replica {
    return oneOf(this.replicas, index);
  }

  async look(replica: Replica): Promise<void> {
    replica.view = { at: this.now, ...(await this.store.read()) };
  }

  /** By what was last read, which may be long ago: a process can be frozen between reading and writing. */
  async act({ view }: Replica): Promise<void> {
    if (view === undefined) return;
    await this.execute(nextStep(view.keys, { rules, now: view.now, spread: this.spread() }));
  }

  spread(): Spread {
    if (!this.reported) return { kind: 'unreported' };
    if (this.heldSince === undefined) return { kind: 'missing', reason: 'policies_behind' };
    return { kind: 'held', forMs: this.now - this.heldSince };
  }

  async execute(step: Step): Promise<void> {
    switch (step.kind) {
      case 'start': {
        const key = this.#newKey();
        if (await this.store.start(key)) this.atOnce.add(key.kid);
        return;
      }
      case 'prepare':
        return void (await this.store.prepare(this.#newKey(), step.active));
      case 'discard':
        return void (await this.store.discard(step.kid));
      case 'promote':
        if (step.replaces === undefined) this.atOnce.add(step.kid);
        else if (this.reported && this.now - (this.heldSince ?? this.now) < rules.settleMs) this.#hasty.push(step.kid);
        await this.store.promote(step.kid, step.replaces);
        return;
      case 'retire':
        return void (await this.store.retire(step.kid));
      case 'lengthen':
        return void (await this.store.lengthen(step.longestTokenMs));
      case 'rest':
    }
  }

  async rotate(): Promise<void> {
    await this.store.requestRotation();
  }

  fresh({ view }: Replica): readonly StoredKey[] | undefined {
    return fresh(view, this.now)?.keys;
  }

  published(replica: Replica): readonly (readonly string[])[] {
    const keys = this.fresh(replica);
    return keys === undefined ? [] : [keys.map(({ kid }) => kid)];
  }

  fetch(replica: Replica): void {
    for (const kids of this.published(replica)) this.caches.push({ at: this.now, kids });
  }

  sign(replica: Replica, lifeMs: number): void {
    const key = this.fresh(replica)?.find(({ state }) => state === 'active');
    if (key !== undefined) this.tokens.push({ kid: key.kid, takenUntil: this.now + replica.skewMs + lifeMs + SKEW_MS });
  }

  /** What must never be, and is. */
  wrongs(): readonly string[] {
    const states = [...this.store.rows.values()].map(({ state }) => state);
    const several = (['active', 'next'] as const).filter((one) => states.filter((state) => state === one).length > 1);
    return [
      ...this.#hasty.map((kid) => `${kid} signs although not all held it`),
      ...several.map((state) => `several keys are ${state}`),
      ...this.#unpublished().map((kid) => `${kid} signs and is not published by all`),
      ...this.#orphans().map(({ kid }) => `${kid} is retired and a token of it lives`),
    ];
  }

  /** Whoever signs, and whomever a verifier asks or asked: the key is there, unless it had to sign at once. */
  #unpublished(): readonly string[] {
    const signers = this.replicas.flatMap((replica) => {
      const key = this.fresh(replica)?.find(({ state }) => state === 'active');
      return key === undefined || this.atOnce.has(key.kid) || this.isCompromised(key.kid) ? [] : key.kid;
    });
    this.caches = this.caches.filter(({ at }) => this.now - at <= rules.cacheMs);
    const published = this.replicas.flatMap((each) => this.published(each));
    const sets = [...published, ...this.caches.map((cache) => cache.kids)];
    return signers.filter((kid) => !sets.every((kids) => kids.includes(kid)));
  }

  #orphans(): readonly Token[] {
    return this.tokens.filter(
      ({ kid, takenUntil }) =>
        takenUntil > this.now && this.store.rows.get(kid)?.state === 'retired' && !this.isCompromised(kid),
    );
  }

  isCompromised(kid: string): boolean {
    return this.store.rows.get(kid)?.compromisedAt !== undefined;
  }
}
