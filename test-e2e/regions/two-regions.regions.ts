import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStep } from '../story/step.ts';
import { runChaos } from './chaos/run.ts';
import { type Regions, startRegions } from './launcher.ts';
import type { RegionsContext } from './story/context.ts';
import { regionsContext, regionsStory } from './story/index.ts';

/** Beside other work steps take their time, and what they show must hold for as long. */
const MAX_STALENESS_SECONDS = 30;
const DURATION_MS = 40_000;
const MOST_MS = 600_000;
const seed = randomInt(2 ** 31);
const report = (line: string): void => console.log(`  ${line}`);

let regions: Regions;
let context: RegionsContext;

beforeAll(async () => {
  regions = await startRegions(report, { maxStalenessSeconds: MAX_STALENESS_SECONDS });
  context = await regionsContext(regions);
});
afterAll(() => regions?.[Symbol.asyncDispose]());

// The steps of a chapter build on each other.
describe.each(regionsStory)('$title', ({ title, steps }) => {
  test.each(steps)('$title: $expected', async (step) => {
    expect((await runStep(title, step, context)).actual).toBe(step.expected);
  });
});

test(`nothing passes after its end, nothing is lost and nobody is locked out, whatever fails: make chaos-regions MINUTES=1 SEED=${seed}`, {
  timeout: MOST_MS,
}, async () => {
  const ledger = await runChaos(regions, { seed, durationMs: DURATION_MS, report });
  console.log(ledger.report());
  expect(ledger.violations).toEqual([]);
  expect(ledger.lockedOut).toEqual([]);
  expect(ledger.live.length).toBeGreaterThan(0);
  expect(ledger.over.length).toBeGreaterThan(0);
});
