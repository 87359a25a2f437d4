import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { generateSigningKey, toJwks } from './keys.ts';
import { createMinter } from './mint.ts';
import { ANY_AUDIENCE, createVerifier } from './verify.ts';

const now = new Date('2026-01-02T03:04:05Z');
const seconds = now.getTime() / 1000;
const issuer = 'https://auth.test';
const [own, guard] = [await generateSigningKey(), await generateSigningKey()];
const shared = { issuer, clock: () => now, uuid: () => 'uuid-1' };
const jwks = toJwks([own]);
const narrowJwks = toJwks([guard]);
const verifier = { issuer, audience: ANY_AUDIENCE, clock: () => now } as const;
const verify = createVerifier({ ...verifier, jwks: () => jwks, narrowJwks: () => narrowJwks });

const access = await createMinter({ ...shared, key: () => own }).access({
  subject: 'user-1',
  clientId: 'web',
  audience: ['bucket', 'user'],
  user: { id: 'user-1', roles: ['member'], permissions: [] },
  services: { bucket: { permissions: ['bucket:read'] }, user: { permissions: ['user:read'] } },
  session: { id: 'session-1' },
  lifetimeSeconds: 900,
});
const narrow = await createMinter({ ...shared, key: () => guard }).narrow(access.claims, 'bucket');

/** What somebody signs who has the guard's key, or the guard itself. */
const forged = (more: Readonly<Record<string, unknown>>, by = guard) =>
  new SignJWT({ ...narrow.claims, ...more })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: by.kid })
    .sign(by.privateKey);

describe('a key that may sign narrow tokens only', () => {
  test('signs narrow tokens, which are accepted as long as any token is', async () => {
    expect(await verify(narrow.token)).toEqual(narrow.claims);
    expect(await verify(await forged({}))).toEqual(narrow.claims);
    const justOver = await forged({ iat: seconds - 359, nbf: seconds - 359, exp: seconds - 59 });
    expect(await verify(justOver)).toMatchObject({ exp: seconds - 59 });
  });

  test.each([
    ['for two services', { aud: ['bucket', 'user'] }],
    ['with grants at another service', { services: access.claims.services }],
    ['that nothing was narrowed to', { origin_jti: undefined }],
    ['that lives longer', { exp: seconds + 301 }],
    ['that lives as long as an access token', { exp: seconds + 900 }],
    ['that begins to age in ten years', { iat: seconds + 315_360_000, exp: seconds + 315_360_300 }],
    ['that begins to age later than clocks differ', { iat: seconds + 61, exp: seconds + 300 }],
    ['that is an access token', { ...access.claims }],
  ])('signs no token %s', async (_, more) => {
    await expect(verify(await forged(more))).rejects.toMatchObject({ code: 'token_invalid' });
    const ofOwnKey = { ...more, ...('iat' in more && { iat: seconds }) };
    expect(await verify(await forged(ofOwnKey, own))).toBeDefined();
  });

  test('signs nothing at all for whoever does not ask for narrow tokens', async () => {
    const strict = createVerifier({ ...verifier, jwks: () => jwks });
    await expect(strict(narrow.token)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('is held to that by its name, and does not pass under the name of another', async () => {
    const token = await new SignJWT({ ...access.claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: own.kid })
      .sign(guard.privateKey);
    await expect(verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
    const renamed = await new SignJWT({ ...narrow.claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: guard.kid })
      .sign(own.privateKey);
    await expect(verify(renamed)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('is held to that even where it is listed with the others', async () => {
    const careless = createVerifier({ ...verifier, jwks: () => toJwks([own, guard]), narrowJwks: () => narrowJwks });
    await expect(careless(await forged({ ...access.claims }))).rejects.toMatchObject({ code: 'token_invalid' });
  });
});
