import fc from 'fast-check';
import { expect, test } from 'vitest';
import { activeOf, type RegionEvent, RegionsWorld } from '../testing/key-regions-world.ts';
import { rules, SECOND, timing } from '../testing/key-world.ts';

const NAMES = ['eu', 'us', 'ap'];
const replica = fc.nat(2 * NAMES.length - 1);
const region = fc.nat(NAMES.length - 1);
const of = <Kind extends string>(kind: Kind) => fc.constant(kind);
const pass = (max: number) => fc.record({ kind: of('pass'), ms: fc.integer({ min: 1, max }) });
const events: fc.Arbitrary<RegionEvent> = fc.oneof(
  { weight: 3, arbitrary: pass(40 * SECOND) },
  { weight: 3, arbitrary: pass(1_200 * SECOND) },
  { weight: 6, arbitrary: fc.record({ kind: of('look'), replica }) },
  { weight: 4, arbitrary: fc.record({ kind: of('act'), replica }) },
  { weight: 4, arbitrary: fc.record({ kind: of('note'), replica }) },
  { weight: 2, arbitrary: fc.record({ kind: of('cache'), replica }) },
  { weight: 3, arbitrary: fc.record({ kind: of('fetch'), replica }) },
  { weight: 2, arbitrary: fc.record({ kind: of('rotate'), region }) },
  { weight: 1, arbitrary: fc.record({ kind: of('lose'), region }) },
);
const course = fc.array(events, { minLength: 20, maxLength: 200, size: 'max' });
/** All replicas of the regions that work, one after the other. */
async function round(world: RegionsWorld, working: readonly string[]): Promise<void> {
  for (const each of world.replicas.filter(({ place }) => working.includes(place.region.name))) {
    await world.look(each);
    world.fetch(each);
    await world.note(each);
    await world.act(each);
  }
  world.now += timing.pollMs;
}
const until = async (world: RegionsWorld, ms: number, working = NAMES) => {
  for (const end = world.now + ms; world.now < end; ) await round(world, working);
};

test('whatever one region signs with, the meshes of all hold it, whoever looks, notes and fetches when', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), course, async (isRunning, steps) => {
      const world = new RegionsWorld(NAMES);
      if (isRunning) await until(world, rules.publishMs + 600 * SECOND);
      for (const one of steps) {
        await world.apply(one);
        expect(world.wrongs()).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('whatever happened, every region rotates again once all look regularly, and none changes the keys of another', async () => {
  await fc.assert(
    fc.asyncProperty(course, async (steps) => {
      const world = new RegionsWorld(NAMES);
      for (const one of steps.filter(({ kind }) => kind !== 'lose')) await world.apply(one);
      const signers = new Set<string>();
      for (const end = world.now + 4 * (rules.periodMs + 2 * rules.publishMs); world.now < end; ) {
        await round(world, NAMES);
        expect(world.wrongs()).toEqual([]);
        for (const { store } of world.places) for (const kid of activeOf((await store.read()).keys)) signers.add(kid);
      }
      const rotations = NAMES.map((name) => [...signers].filter((kid) => kid.startsWith(`${name}.`)).length);
      for (const count of rotations) expect(count).toBeGreaterThanOrEqual(3);
    }),
    { numRuns: 20 },
  );
});

test('a region that stands still holds the others back, for as long as it is not given up', async () => {
  const world = new RegionsWorld(NAMES);
  await until(world, rules.publishMs + 600 * SECOND);
  const signing = async () => activeOf((await world.place(0).store.read()).keys);
  // The key that waits is held by all: it signs. The one after it is not.
  await until(world, rules.periodMs, ['eu', 'us']);
  const [second] = await signing();
  await until(world, 3 * rules.periodMs, ['eu', 'us']);
  expect(await signing()).toEqual([second]);
  world.lost.add('ap');
  await until(world, 2 * timing.pollMs, ['eu', 'us']);
  expect(await signing()).not.toEqual([second]);
  expect(world.wrongs()).toEqual([]);
});

test('a region that joins others signs once they hold its key, and not before', async () => {
  const world = new RegionsWorld(NAMES);
  await until(world, rules.publishMs + 600 * SECOND, ['eu', 'us']);
  const signing = async () => activeOf((await world.place(2).store.read()).keys);
  const begun = world.now;
  while ((await signing()).length === 0) {
    await round(world, NAMES);
    expect(world.wrongs()).toEqual([]);
  }
  const heldMs = timing.settleMs + timing.cacheMs;
  expect(world.now - begun).toBeGreaterThanOrEqual(heldMs);
  expect(world.now - begun).toBeLessThan(2 * heldMs);
  expect(world.atOnce.has((await signing())[0] ?? '')).toBe(false);
});
