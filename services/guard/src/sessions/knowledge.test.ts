import { expect, test } from 'vitest';
import { createKnowsRevocations } from './knowledge.ts';

const LIMITS = { maxStalenessMs: 60_000, maxBehindMs: 900_000 };

test.each([
  { staleMs: 60_000, behindMs: 900_000, knows: true },
  { staleMs: 60_001, behindMs: 0, knows: false },
  { staleMs: Number.POSITIVE_INFINITY, behindMs: 0, knows: false },
  { staleMs: 0, behindMs: 900_001, knows: false },
])('in one of several regions it goes by both ages: %o', ({ knows, ...ages }) => {
  expect(createKnowsRevocations(ages, LIMITS)()).toBe(knows);
});

test('where there is one region no other is asked about', () => {
  const ages = { staleMs: 60_000, behindMs: Number.POSITIVE_INFINITY };
  expect(createKnowsRevocations(ages, { ...LIMITS, maxBehindMs: undefined })()).toBe(true);
  expect(createKnowsRevocations({ ...ages, staleMs: 60_001 }, { ...LIMITS, maxBehindMs: undefined })()).toBe(false);
});
