import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateSigningKey, SIGNING_ALGORITHMS } from './keys.ts';
import { parsePublicJwk } from './public-jwk.ts';

const { privateKey, publicJwk: jwk } = await generateSigningKey();
const { publicJwk: rsa } = await generateSigningKey('RS256');
const { publicJwk: other } = await generateSigningKey();
const invalid = { code: 'key_invalid' };
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

describe('a public key that somebody tells', () => {
  test.each(SIGNING_ALGORITHMS)('is taken as it is, for %s', async (alg) => {
    const { publicJwk } = await generateSigningKey(alg);
    expect(await parsePublicJwk(JSON.parse(JSON.stringify(publicJwk)))).toEqual(publicJwk);
  });

  test('keeps the region that its name says', async () => {
    const { publicJwk } = await generateSigningKey('ES256', 'eu');
    expect(await parsePublicJwk(JSON.parse(JSON.stringify(publicJwk)))).toEqual(publicJwk);
  });

  test.each([
    ['nothing', undefined],
    ['what is no region', { ...jwk, kid: `EU.${jwk.kid}` }],
    ['the name of another after a region', { ...jwk, kid: `eu.${other.kid}` }],
    ['a text', 'key'],
    ['a private half', { ...jwk, d: privateKey.export({ format: 'jwk' }).d }],
    ['the name of another', { ...jwk, kid: other.kid }],
    ['no name', { ...jwk, kid: undefined }],
    ['another algorithm', { ...jwk, alg: 'ES384' }],
    ['the algorithm of another kind', { ...jwk, alg: 'RS256' }],
    ['another use', { ...jwk, use: 'enc' }],
    ['a point that is not on the curve', { ...jwk, y: jwk.kty === 'EC' ? jwk.x : '' }],
    ['another spelling of its point', { ...jwk, x: `${jwk.kty === 'EC' ? jwk.x : ''}=` }],
    ['another curve', { ...jwk, ...p384 }],
    ['another curve under the name of ours', { ...jwk, ...p384, crv: 'P-256' }],
    ['a weak modulus', { ...rsa, ...weak }],
    ['another exponent', { ...rsa, e: 'Aw' }],
    ['a modulus beyond all bounds', { ...rsa, n: 'A'.repeat(100_000) }],
    ['a secret', { kty: 'oct', k: 'AAAA', kid: jwk.kid, alg: 'HS256', use: 'sig' }],
    ['an address of a chain', { ...jwk, x5u: 'https://evil.example' }],
  ])('is refused with %s', async (_, told) => {
    await expect(parsePublicJwk(told)).rejects.toMatchObject(invalid);
  });
});
