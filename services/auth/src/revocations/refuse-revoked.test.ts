import { keyIdOf } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { refuseRevoked } from './refuse-revoked.ts';

async function setUp() {
  const { mint, verifyFor } = createFixture();
  const { token } = await mint({ subject: ALICE_ID, audience: ['auth'], services: {}, lifetimeSeconds: 900 });
  const state: { staleMs: number; revokedKey?: string } = { staleMs: 0 };
  const revocations = {
    check: (_: object, kid?: string) =>
      kid !== undefined && kid === state.revokedKey ? { kind: 'key' as const } : undefined,
    get staleMs() {
      return state.staleMs;
    },
  };
  const verify = refuseRevoked({ verify: verifyFor('auth'), revocations, maxStalenessMs: 60_000 });
  return { state, verify, token };
}

describe('a verifier that refuses what is revoked', () => {
  test('accepts what is not', async () => {
    const { verify, token } = await setUp();
    expect(await verify(token)).toMatchObject({ sub: ALICE_ID });
  });

  test('refuses by the key that the header names', async () => {
    const { verify, token, state } = await setUp();
    Object.assign(state, { revokedKey: keyIdOf(token) });
    await expect(verify(token)).rejects.toMatchObject({ code: 'token_revoked' });
  });

  test.each([60_001, Number.POSITIVE_INFINITY])('accepts nothing when it last heard %d ms ago', async (staleMs) => {
    const { verify, token, state } = await setUp();
    state.staleMs = 60_000;
    await verify(token);
    state.staleMs = staleMs;
    await expect(verify(token)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });

  test('tells a bad token as such, whatever is known of revocations', async () => {
    const { verify, state } = await setUp();
    state.staleMs = Number.POSITIVE_INFINITY;
    await expect(verify('a.b.c')).rejects.toMatchObject({ code: 'token_malformed' });
  });
});
