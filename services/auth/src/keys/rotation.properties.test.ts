import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryKeys } from '../testing/memory-keys.ts';
import type { StoredKey } from './key-store.ts';
import { nextStep, type RotationRules, type Spread, type Step } from './rotation.ts';
import { keyTiming } from './timing.ts';

/*
 * A world of replicas without a clock in common: each looks at the keys when it likes (or never again), decides by what
 * it read some time ago, and signs by what it last read, as the ring lets it. Verifiers ask any of them.
 */
const SECOND = 1_000;
const TOKEN_MS = 900 * SECOND;
const SKEW_MS = 60 * SECOND;
const timing = keyTiming(30 * SECOND);
const rules: RotationRules = {
  alg: 'ES256',
  periodMs: 3_600 * SECOND,
  publishMs: 900 * SECOND,
  settleMs: timing.settleMs,
  longestTokenMs: TOKEN_MS,
};

interface Replica {
  /** How far its clock is ahead of the database's. */
  readonly skewMs: number;
  view: { readonly at: number; readonly now: number; readonly keys: readonly StoredKey[] } | undefined;
}

interface Token {
  readonly kid: string;
  /** When the last verifier stops to take it, by the database's clock. */
  readonly takenUntil: number;
}

type Event =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'look'; readonly replica: number }
  | { readonly kind: 'act'; readonly replica: number }
  | { readonly kind: 'sign'; readonly replica: number; readonly lifeMs: number }
  | { readonly kind: 'spread'; readonly held: boolean }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'compromise'; readonly which: number };

class World {
  now = 0;
  readonly store = memoryKeys(() => this.now);
  readonly replicas: Replica[];
  readonly tokens: Token[] = [];
  readonly reported: boolean;
  heldSince: number | undefined;
  /** Keys that had to sign because no other did. */
  readonly atOnce = new Set<string>();
  #made = 0;

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
    const found = this.replicas[index % this.replicas.length];
    if (found === undefined) throw new Error('no replica');
    return found;
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
        const key = this.newKey();
        if (await this.store.start(key)) this.atOnce.add(key.kid);
        return;
      }
      case 'prepare':
        return void (await this.store.prepare(this.newKey(), step.active));
      case 'promote':
        if (step.replaces === undefined) this.atOnce.add(step.kid);
        else if (this.reported) expect(this.now - (this.heldSince ?? this.now)).toBeGreaterThanOrEqual(rules.settleMs);
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
    const active = (await this.store.read()).keys.find(({ state }) => state === 'active');
    if (active) await this.store.prepare(this.newKey(), active.kid);
  }

  /** What a ring lets out: nothing when it is stale. */
  fresh({ view }: Replica): readonly StoredKey[] | undefined {
    return view !== undefined && this.now - view.at <= timing.staleMs ? view.keys : undefined;
  }

  sign(replica: Replica, lifeMs: number): void {
    const key = this.fresh(replica)?.find(({ state }) => state === 'active');
    if (key !== undefined) this.tokens.push({ kid: key.kid, takenUntil: this.now + replica.skewMs + lifeMs + SKEW_MS });
  }

  newKey() {
    this.#made += 1;
    return { kid: `key-${this.#made}`, alg: rules.alg, sealed: new Uint8Array(1), longestTokenMs: TOKEN_MS };
  }

  check(): void {
    const states = [...this.store.rows.values()].map(({ state }) => state);
    expect(states.filter((state) => state === 'active').length).toBeLessThanOrEqual(1);
    expect(states.filter((state) => state === 'next').length).toBeLessThanOrEqual(1);
    this.checkEverySignerIsPublished();
    this.checkLivingTokens();
  }

  /** Whoever signs, and whomever a verifier asks: the key is there, unless it had to sign at once. */
  checkEverySignerIsPublished(): void {
    const signers = this.replicas.flatMap((replica) => {
      const key = this.fresh(replica)?.find(({ state }) => state === 'active');
      return key === undefined || this.atOnce.has(key.kid) || this.isCompromised(key.kid) ? [] : key.kid;
    });
    for (const replica of this.replicas) {
      const published = this.fresh(replica)?.map(({ kid }) => kid);
      if (published !== undefined) for (const kid of signers) expect(published).toContain(kid);
    }
  }

  checkLivingTokens(): void {
    for (const { kid, takenUntil } of this.tokens) {
      if (takenUntil > this.now && !this.isCompromised(kid))
        expect(this.store.rows.get(kid)?.state).not.toBe('retired');
    }
  }

  isCompromised(kid: string): boolean {
    return this.store.rows.get(kid)?.compromisedAt !== undefined;
  }
}

const replica = fc.nat(3);
const skews = fc.array(fc.integer({ min: -SKEW_MS, max: SKEW_MS }), { minLength: 1, maxLength: 4 });
const ordinary: fc.Arbitrary<Event>[] = [
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 40 * SECOND }) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_200 * SECOND }) }),
  fc.record({ kind: fc.constant('look' as const), replica }),
  fc.record({ kind: fc.constant('look' as const), replica }),
  fc.record({ kind: fc.constant('act' as const), replica }),
  fc.record({ kind: fc.constant('act' as const), replica }),
  fc.record({ kind: fc.constant('sign' as const), replica, lifeMs: fc.integer({ min: 0, max: TOKEN_MS }) }),
  fc.record({ kind: fc.constant('spread' as const), held: fc.boolean() }),
  fc.record({ kind: fc.constant('rotate' as const) }),
];
const emergency = fc.record({ kind: fc.constant('compromise' as const), which: fc.nat(100) });

test.each([
  ['without emergencies', fc.oneof(...ordinary)],
  ['with emergencies', fc.oneof({ weight: 20, arbitrary: fc.oneof(...ordinary) }, { weight: 1, arbitrary: emergency })],
])('one key signs, all publish it, and it stays while its tokens live, %s', async (_, event) => {
  const events = fc.array(event, { minLength: 20, maxLength: 150, size: 'max' });
  await fc.assert(
    fc.asyncProperty(skews, fc.boolean(), events, async (skewsOfReplicas, reported, course) => {
      const world = new World(skewsOfReplicas, reported);
      for (const one of course) {
        await world.apply(one);
        world.check();
      }
    }),
    { numRuns: 300 },
  );
});

test('a key signs by plan only after it was published long enough', async () => {
  const events = fc.array(fc.oneof(...ordinary), { minLength: 20, maxLength: 150, size: 'max' });
  await fc.assert(
    fc.asyncProperty(skews, events, async (skewsOfReplicas, course) => {
      const world = new World(skewsOfReplicas, false);
      for (const one of course) await world.apply(one);
      const [first, ...others] = [...world.store.rows.values()];
      expect(first?.activatedAt).toBe(first?.createdAt);
      for (const { createdAt, activatedAt } of others) {
        if (activatedAt !== undefined) expect(activatedAt - createdAt).toBeGreaterThanOrEqual(rules.publishMs);
      }
    }),
    { numRuns: 200 },
  );
});

test('a key stays for the last token of a replica that noticed last that it signs no longer', async () => {
  const course = fc.record({
    lookedBeforeMs: fc.integer({ min: 0, max: timing.pollMs }),
    signedAfterMs: fc.integer({ min: 0, max: timing.staleMs }),
    skewMs: fc.integer({ min: 0, max: SKEW_MS }),
    lifeMs: fc.integer({ min: TOKEN_MS - SKEW_MS, max: TOKEN_MS }),
  });
  await fc.assert(
    fc.asyncProperty(course, async ({ lookedBeforeMs, signedAfterMs, skewMs, lifeMs }) => {
      const world = new World([0, skewMs], false);
      const [first, late] = [world.replica(0), world.replica(1)];
      const work = async () => {
        await world.look(first);
        await world.act(first);
      };
      await work();
      const [old = ''] = world.store.rows.keys();
      await world.rotate();
      world.now = rules.publishMs - lookedBeforeMs;
      await world.look(late);
      world.now = rules.publishMs;
      await work();
      expect(world.store.rows.get(old)?.state).toBe('retiring');
      world.now = rules.publishMs - lookedBeforeMs + signedAfterMs;
      if (world.now >= rules.publishMs) world.sign(late, lifeMs);
      while (world.store.rows.get(old)?.state !== 'retired') {
        world.now += SECOND;
        await work();
        world.check();
      }
    }),
    { numRuns: 50 },
  );
});

test('whatever happened, keys rotate again once replicas look regularly and all hold what is published', async () => {
  const events = fc.array(fc.oneof(...ordinary, emergency), { maxLength: 60, size: 'max' });
  await fc.assert(
    fc.asyncProperty(skews, fc.boolean(), events, async (skewsOfReplicas, reported, course) => {
      const world = new World(skewsOfReplicas, reported);
      for (const one of course) await world.apply(one);
      await world.apply({ kind: 'spread', held: true });
      const signers = new Set<string | undefined>();
      for (
        const end = world.now + 4 * (rules.periodMs + rules.publishMs);
        world.now < end;
        world.now += timing.pollMs
      ) {
        for (const each of world.replicas) {
          await world.look(each);
          await world.act(each);
        }
        world.check();
        signers.add((await world.store.read()).keys.find(({ state }) => state === 'active')?.kid);
      }
      expect(signers.size).toBeGreaterThanOrEqual(4);
      expect((await world.store.read()).keys.length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 30 },
  );
});
