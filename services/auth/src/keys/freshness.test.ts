import { momentOf } from '@sekisho/kube';
import { FakeClock } from '@sekisho/kube/testing';
import { describe, expect, test } from 'vitest';
import { Freshness } from './freshness.ts';

const staleMs = 1_000;
const cutOffMs = 60_000;
const unavailable = expect.objectContaining({ code: 'unavailable' });

function setUp(options: { readonly cutOffMs?: number } = { cutOffMs }) {
  const clock = new FakeClock();
  const freshness = new Freshness(clock, { staleMs, ...options });
  const read = (behindMs?: number) => freshness.renew({ at: momentOf(clock), behindMs });
  return { clock, freshness, read };
}

describe('what was read', () => {
  test('is gone by for a while, and not before it was read', async () => {
    const { clock, freshness, read } = setUp();
    expect(() => freshness.assert()).toThrow(unavailable);
    read();
    await clock.advance(staleMs);
    freshness.assert();
    await clock.advance(1);
    expect(() => freshness.assert()).toThrow(unavailable);
    expect([freshness.ageMs, freshness.primaryAgeMs]).toEqual([staleMs + 1, staleMs + 1]);
  });

  test('of a replica is gone by for as long as the primary may be away, if the replica answers meanwhile', async () => {
    const { clock, freshness, read } = setUp();
    read();
    for (let passed = 0; passed < cutOffMs; passed += staleMs) {
      await clock.advance(staleMs);
      read(Number.POSITIVE_INFINITY);
      freshness.assert();
    }
    await clock.advance(1);
    read(0);
    expect(() => freshness.assert()).toThrow(unavailable);
    expect(freshness.primaryAgeMs).toBe(cutOffMs + 1);
    read();
    freshness.assert();
  });

  test('of a replica is too old as soon as it does not answer either', async () => {
    const { clock, freshness, read } = setUp();
    read();
    await clock.advance(staleMs);
    read(0);
    await clock.advance(staleMs + 1);
    expect(() => freshness.assert()).toThrow(unavailable);
  });

  test('of a replica alone is as old as the replica says that it is', async () => {
    const { clock, freshness, read } = setUp();
    read(cutOffMs - 500);
    freshness.assert();
    await clock.advance(501);
    // That it shows something newer proves nothing to who never read the primary.
    read(0);
    expect(() => freshness.assert()).toThrow(unavailable);
    const other = setUp();
    other.read(Number.POSITIVE_INFINITY);
    expect(() => other.freshness.assert()).toThrow(unavailable);
  });

  test('of a replica counts for nothing where none is to be gone by', async () => {
    const { clock, freshness, read } = setUp({});
    read();
    await clock.advance(staleMs);
    read(0);
    await clock.advance(1);
    expect(() => freshness.assert()).toThrow(unavailable);
  });
});
