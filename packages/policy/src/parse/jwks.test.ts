import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMIT } from '../vocabulary.ts';
import { parseJwks } from './jwks.ts';

const jwk = (pair: { publicKey: { export(options: { format: 'jwk' }): object } }) =>
  pair.publicKey.export({ format: 'jwk' });
const EC = { ...jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' })), kid: 'ec' };
const RSA = { ...jwk(generateKeyPairSync('rsa', { modulusLength: 2048 })), kid: 'rsa' };
const ED = { ...jwk(generateKeyPairSync('ed25519')), kid: 'ed' };

function refusals(...keys: readonly unknown[]): readonly string[] {
  const result = parseJwks({ keys });
  return result.ok ? [] : result.problems.map(({ path, code }) => `${path}: ${code}`);
}

describe('a key set', () => {
  test('of real keys of every kind is taken and sorted by kid', () => {
    const curves = ['P-384', 'P-521'].map((namedCurve) => ({
      ...jwk(generateKeyPairSync('ec', { namedCurve })),
      kid: namedCurve,
    }));
    const result = parseJwks({ keys: [RSA, ED, EC, ...curves] });
    expect(result.ok && result.value.keys.map(({ kid }) => kid)).toEqual(['P-384', 'P-521', 'ec', 'ed', 'rsa']);
  });

  test('is the same in whatever order it was published', () => {
    expect(parseJwks({ keys: [RSA, EC] })).toEqual(parseJwks({ keys: [EC, RSA] }));
  });

  test('leaves encryption keys out', () => {
    const result = parseJwks({ keys: [EC, { ...RSA, use: 'enc', alg: 'RSA-OAEP' }] });
    expect(result).toMatchObject({ ok: true, value: { keys: [{ kid: 'ec' }] } });
  });

  test.each([
    ['garbage', 'garbage'],
    ['null', null],
    ['no keys', { keys: [] }],
    ['keys that are no map', { keys: ['x'] }],
    [
      'more keys than are bounded',
      { keys: Array.from({ length: LIMIT.keys + 1 }, (_, kid) => ({ ...EC, kid: `${kid}` })) },
    ],
    ['only encryption keys', { keys: [{ ...RSA, use: 'enc' }] }],
  ])('is refused when it is %s', (_what, raw) => {
    expect(parseJwks(raw).ok).toBe(false);
  });

  test('is refused with the same kid twice', () => {
    expect(refusals(EC, { ...RSA, kid: 'ec' })).toEqual(['jwks: Duplicate']);
  });
});

describe('a key is refused', () => {
  test.each([
    ['private', { ...EC, d: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['private, though for encryption', { ...RSA, use: 'enc', d: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['symmetric', { kty: 'oct', kid: 'a', k: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['without kid', { ...EC, kid: undefined }, 'jwks.keys[0].kid: Missing'],
    ['of unknown type', { ...EC, kty: 'LWE' }, 'jwks.keys[0].kty: BadValue'],
    ['on an unknown curve', { ...EC, crv: 'secp256k1' }, 'jwks.keys[0].crv: BadValue'],
    [
      'on a curve named like a member of every object',
      { ...EC, crv: 'constructor', x: 'A', y: 'A' },
      'jwks.keys[0].crv: BadValue',
    ],
    ['with a cut coordinate', { ...EC, x: 'abc' }, 'jwks.keys[0].x: BadValue'],
    ['with an algorithm of another family', { ...EC, alg: 'HS256' }, 'jwks.keys[0].alg: BadValue'],
    ['with a short modulus', { ...RSA, n: 'abc' }, 'jwks.keys[0].n: BadValue'],
    [
      'with a short modulus behind zeros',
      { ...RSA, n: `${'A'.repeat(171)}${'x'.repeat(171)}` },
      'jwks.keys[0].n: BadValue',
    ],
    ['without exponent', { ...RSA, e: undefined }, 'jwks.keys[0].e: BadValue'],
    ['for key agreement', { ...ED, crv: 'X25519' }, 'jwks.keys[0].crv: BadValue'],
    ['for another use', { ...EC, use: 'other' }, 'jwks.keys[0].use: BadValue'],
  ])('when it is %s', (_what, key, refusal) => {
    expect(refusals(key, { ...EC, kid: 'sound' })).toEqual([refusal]);
  });

  test('without a word of its private part', () => {
    expect(JSON.stringify(parseJwks({ keys: [{ ...EC, d: 'topsecret' }] }))).not.toContain('topsecret');
  });
});
