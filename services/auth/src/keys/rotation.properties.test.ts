import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Event, rules, SECOND, SKEW_MS, TOKEN_MS, timing, World } from '../testing/key-world.ts';

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
  fc.record({ kind: fc.constant('fetch' as const), replica }),
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
        expect(world.wrongs()).toEqual([]);
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

test('a key signs only when no cache is left of a replica that noticed last that it is published', async () => {
  const course = fc.record({
    lookedBeforeMs: fc.integer({ min: 0, max: timing.pollMs }),
    fetchedAfterMs: fc.integer({ min: 0, max: timing.staleMs }),
  });
  await fc.assert(
    fc.asyncProperty(course, async ({ lookedBeforeMs, fetchedAfterMs }) => {
      const world = new World([0, 0], true);
      const [first, late] = [world.replica(0), world.replica(1)];
      await world.apply({ kind: 'spread', held: true });
      const work = async () => {
        await world.look(first);
        await world.act(first);
      };
      await work();
      expect([...world.store.rows.values()].map(({ state }) => state)).toEqual(['active']);
      const made = rules.publishMs;
      world.now = made - lookedBeforeMs;
      await world.look(late);
      world.now = made;
      await work();
      await world.rotate();
      const [, next = ''] = world.store.rows.keys();
      while (world.store.rows.get(next)?.state !== 'active') {
        world.now += SECOND;
        const fetchAt = made - lookedBeforeMs + fetchedAfterMs;
        if (world.now - SECOND < fetchAt && fetchAt <= world.now) world.fetch(late);
        await work();
        expect(world.wrongs()).toEqual([]);
      }
      await world.look(first);
      expect(world.wrongs()).toEqual([]);
    }),
    { numRuns: 50 },
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
      await work();
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
        expect(world.wrongs()).toEqual([]);
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
        expect(world.wrongs()).toEqual([]);
        signers.add((await world.store.read()).keys.find(({ state }) => state === 'active')?.kid);
      }
      expect(signers.size).toBeGreaterThanOrEqual(4);
      expect((await world.store.read()).keys.length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 30 },
  );
});

test('after a compromise a key signs that nobody has to fetch first, if replicas look and caches end as they should', async () => {
  const course = fc.record({
    skewsOfReplicas: skews,
    publishedMs: fc.integer({ min: rules.publishMs, max: 3 * rules.periodMs }),
    lastFetchMs: fc.integer({ min: 0, max: rules.cacheMs }),
  });
  await fc.assert(
    fc.asyncProperty(course, async ({ skewsOfReplicas, publishedMs, lastFetchMs }) => {
      const world = new World(skewsOfReplicas, false);
      const lookAround = async () => {
        for (const each of world.replicas) {
          await world.look(each);
          await world.act(each);
        }
      };
      for (; world.now < publishedMs; world.now += timing.pollMs) await lookAround();
      const active = (await world.store.read()).keys.find(({ state }) => state === 'active');
      const next = (await world.store.read()).keys.find(({ state }) => state === 'next');
      // A key that took another's place less than that ago has none behind it that everybody holds.
      fc.pre(next !== undefined && world.now - next.since >= rules.settleMs + rules.cacheMs);
      for (const each of world.replicas) world.fetch(each);
      world.now += lastFetchMs;
      await world.store.compromise(active?.kid ?? '');
      await lookAround();
      const signs = (await world.store.read()).keys.find(({ state }) => state === 'active')?.kid ?? '';
      expect(signs).toBe(next?.kid);
      for (const { kids } of world.caches) expect(kids).toContain(signs);
    }),
    { numRuns: 50 },
  );
});
