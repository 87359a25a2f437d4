import { describe, expect, test } from 'vitest';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { memoryRevocations } from '../testing/memory-revocations.ts';
import { createFreshMint } from './fresh-mint.ts';

function setUp() {
  const { mint, clock, time } = createFixture();
  time.now = new Date('2026-01-02T03:04:05.300Z');
  const revocations = memoryRevocations(clock);
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    time.now = new Date(time.now.getTime() + ms);
  };
  const fresh = createFreshMint({ mint, revocations, clock, sleep });
  const grant = { subject: ALICE_ID, audience: ['bucket'], services: {}, lifetimeSeconds: 900 };
  return { fresh, grant, revocations, slept, time };
}

describe('a token for who has just logged in', () => {
  test('is minted at once when nothing is revoked', async () => {
    const { fresh, grant, slept, time } = setUp();
    expect((await fresh(grant)).claims.iat).toBe(Math.floor(time.now.getTime() / 1000));
    expect(slept).toEqual([]);
  });

  test('waits for the next second when the user was revoked in this one', async () => {
    const { fresh, grant, revocations, slept } = setUp();
    await revocations.revoke({ kind: 'user', id: ALICE_ID });
    const { claims } = await fresh(grant);
    expect(slept).toEqual([700]);
    expect(revocations.check(claims)).toBeUndefined();
  });

  test('is refused, with a time to come back, when that does not help', async () => {
    const { fresh, grant, revocations } = setUp();
    revocations.check = () => ({ kind: 'all' });
    await expect(fresh(grant)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });
});
