import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { exportSigningKey, generateSigningKey, importSigningKey, SIGNING_ALGORITHMS, toJwks } from './keys.ts';

const pkcs8 = { format: 'der', type: 'pkcs8' } as const;

describe.each(SIGNING_ALGORITHMS)('a signing key for %s', (alg) => {
  test('keeps its name through export and import', async () => {
    const key = await generateSigningKey(alg);
    const again = await importSigningKey(exportSigningKey(key));
    expect(again.kid).toBe(key.kid);
    expect(again.publicJwk).toEqual(key.publicJwk);
  });

  test('is listed for its own algorithm, without its private half', async () => {
    const [jwk] = toJwks([await generateSigningKey(alg)]).keys;
    expect(jwk?.alg).toBe(alg);
    const members = { ES256: ['crv', 'x', 'y'], RS256: ['e', 'n'] }[alg];
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['alg', 'kid', 'kty', 'use', ...members].sort());
  });
});

describe('signing keys', () => {
  test('are as strong as P-256 also with RSA', async () => {
    const { privateKey } = await generateSigningKey('RS256');
    expect(privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 3072, publicExponent: 65_537n });
  });

  test('are refused when they are something else', async () => {
    const others = [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
    ];
    for (const { privateKey } of others) {
      await expect(importSigningKey(privateKey.export(pkcs8))).rejects.toMatchObject({ code: 'key_invalid' });
    }
    await expect(importSigningKey(Buffer.from('garbage'))).rejects.toMatchObject({ code: 'key_invalid' });
  });
});
