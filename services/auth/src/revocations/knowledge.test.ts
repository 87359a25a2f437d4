import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { createKnowledge } from './knowledge.ts';

const limits = { maxStalenessMs: 60_000, maxBehindMs: 900_000 };

describe('what is revoked is known well enough', () => {
  test.each([
    { staleMs: 0, behindMs: 0 },
    { staleMs: 60_000, behindMs: 900_000 },
  ])('with %o', (ages) => {
    const { assertFresh, assertCaughtUp } = createKnowledge(ages, limits);
    assertFresh();
    assertCaughtUp();
  });

  test('here, and not of another region that is not heard of', () => {
    const { assertFresh, assertCaughtUp } = createKnowledge({ staleMs: 0, behindMs: 900_001 }, limits);
    assertFresh();
    expect(assertCaughtUp).toThrow(expect.objectContaining({ code: 'unavailable', retryAfter: 1 }));
  });

  test.each([60_001, Number.POSITIVE_INFINITY])('nowhere when nothing was heard for %d ms', (staleMs) => {
    const { assertFresh, assertCaughtUp } = createKnowledge({ staleMs, behindMs: 0 }, limits);
    expect(assertFresh).toThrow(AuthError);
    expect(assertCaughtUp).toThrow(AuthError);
  });
});
