import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { missing, runChaos } from '../chaos/run.ts';
import { openWorld, type World } from '../chaos/world.ts';

const DURATION_MS = 40_000;
const MOST_MS = 900_000;
const seed = randomInt(2 ** 31);

let world: World;
beforeAll(async () => {
  world = await openWorld(inject('mesh'));
});
afterAll(() => world?.[Symbol.asyncDispose]());

test(`nothing passes that must not, whatever fails: make chaos MINUTES=1 SEED=${seed}`, {
  timeout: MOST_MS,
}, async () => {
  const ledger = await runChaos(world, { seed, durationMs: DURATION_MS, report: (line) => console.log(`  ${line}`) });
  console.log(ledger.report());
  expect(ledger.summary.violations).toEqual([]);
  expect(missing(ledger)).toEqual([]);
  expect(ledger.summary.allowed).toBeGreaterThan(0);
});
