import { describe, expect, test } from 'vitest';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { unrevokedMint } from './unrevoked-mint.ts';

function setUp() {
  const { mint, revocations, time } = createFixture();
  const grant = { subject: ALICE_ID, clientId: 'web', audience: ['bucket'], services: {}, lifetimeSeconds: 900 };
  return { mintUnrevoked: unrevokedMint(mint, revocations), grant, revocations, time };
}

describe('a mint that heeds revocations', () => {
  test('mints what is not refused', async () => {
    const { mintUnrevoked, grant, time } = setUp();
    expect((await mintUnrevoked(grant)).claims.iat).toBe(time.now.getTime() / 1000);
  });

  test('asks to come back in the second of a revocation, and mints in the next', async () => {
    const { mintUnrevoked, grant, revocations, time } = setUp();
    await revocations.revoke({ kind: 'user', id: ALICE_ID });
    time.now = new Date(time.now.getTime() + 999);
    await expect(mintUnrevoked(grant)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    time.now = new Date(time.now.getTime() + 1);
    expect(await mintUnrevoked(grant)).toBeDefined();
  });
});
