import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { exportSigningKey, generateSigningKey, importSigningKey, toJwks } from './keys.ts';

describe('signing keys', () => {
  test('keep their name through export and import', async () => {
    const key = await generateSigningKey();
    const again = await importSigningKey(exportSigningKey(key));
    expect(again.kid).toBe(key.kid);
    expect(again.publicJwk).toEqual(key.publicJwk);
  });

  test('are listed without their private half', async () => {
    const key = await generateSigningKey();
    const [jwk] = toJwks([key]).keys;
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test('are refused when they are something else', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    for (const key of [rsa, p384]) {
      const der = key.export({ format: 'der', type: 'pkcs8' });
      await expect(importSigningKey(der)).rejects.toMatchObject({ code: 'key_invalid' });
    }
    await expect(importSigningKey(Buffer.from('garbage'))).rejects.toMatchObject({ code: 'key_invalid' });
  });
});
