import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { policy } from '../differential/arbitrary-policy.ts';
import { request, target } from '../differential/arbitrary-request.ts';
import { type Laboratory, openLaboratory } from '../differential/laboratory.ts';
import { EVERYTHING_PUBLIC, REGRESSIONS } from '../differential/regressions.ts';
import { tryPolicy } from '../differential/trial.ts';

const REQUESTS = 40;
const TARGETS = 200;
/** Of one policy, on a machine that stands still now and then. */
const TRIAL_MS = 300_000;

const { policies, seed } = inject('differential');
const repeat = `make test-differential N=${policies} SEED=${seed}`;

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await openLaboratory(inject('mesh'));
});
afterAll(async () => {
  await laboratory?.[Symbol.asyncDispose]();
});

describe('istiod and Envoy answer as the decision function says', () => {
  test.each(REGRESSIONS)('$name', { timeout: TRIAL_MS }, async ({ policy, requests }) => {
    expect(await tryPolicy(laboratory, policy, requests)).toEqual([]);
  });

  test(`and hand on the path that it reads, of ${TARGETS} targets: ${repeat}`, { timeout: TRIAL_MS }, async () => {
    const requests = fc
      .sample(target, { numRuns: TARGETS, seed })
      .map((one) => ({ ...EVERYTHING_PUBLIC.request, target: one }));
    expect(await tryPolicy(laboratory, EVERYTHING_PUBLIC.policy, requests)).toEqual([]);
  });

  test(`to ${REQUESTS} requests under each of ${policies} policies: ${repeat}`, {
    timeout: policies * TRIAL_MS,
  }, async () => {
    const trials = fc.tuple(policy, fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }));
    const found: string[] = [];
    for (const [tried, requests] of fc.sample(trials, { numRuns: policies, seed })) {
      const differences = await tryPolicy(laboratory, tried, requests);
      if (differences.length > 0) found.push(JSON.stringify({ policy: tried, differences }));
    }
    console.log(
      `  answers: ${[...laboratory.answers].map(([answer, times]) => `${answer} ${times}`).join(', ')}; ${repeat}`,
    );
    // Each one becomes a row of the regressions, under a name that says what was misread.
    expect(found).toEqual([]);
  });
});
