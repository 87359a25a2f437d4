import { keyIdOf } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { refuseRevoked } from './refuse-revoked.ts';

async function setUp() {
  const { mint, verifyFor } = createFixture();
  const { token } = await mint({
    subject: ALICE_ID,
    clientId: 'web',
    audience: ['auth'],
    services: {},
    lifetimeSeconds: 900,
  });
  const state: { isKnown: boolean; revokedKey?: string } = { isKnown: true };
  const revocations = {
    check: (_: object, kid?: string) =>
      kid !== undefined && kid === state.revokedKey ? { kind: 'key' as const } : undefined,
  };
  const assertKnown = () => {
    if (!state.isKnown) throw new AuthError('unavailable', 'not known', { retryAfter: 1 });
  };
  const verify = refuseRevoked({ verify: verifyFor('auth'), revocations, assertKnown });
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

  test('accepts nothing while what is revoked is not known', async () => {
    const { verify, token, state } = await setUp();
    state.isKnown = false;
    await expect(verify(token)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });

  test('tells a bad token as such, whatever is known of revocations', async () => {
    const { verify, state } = await setUp();
    state.isKnown = false;
    await expect(verify('a.b.c')).rejects.toMatchObject({ code: 'token_malformed' });
  });
});
