import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMIT } from '../vocabulary.ts';
import { describeIgnored, type IgnoredKeys, parseJwks } from './jwks.ts';

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

  test('is taken without what verifies no token, which is counted by reason', () => {
    const result = parseJwks({ keys: [EC, { ...RSA, use: 'enc' }, { ...ED, key_ops: ['sign'] }, { kty: 'AKP' }] });
    const ignored: readonly IgnoredKeys[] = [
      { reason: 'not for signatures', count: 2 },
      { reason: 'of an unknown kty', count: 1 },
    ];
    expect(result).toEqual({ ok: true, value: { keys: [{ ...EC, use: 'sig' }], ignored } });
    expect(describeIgnored(ignored)).toBe('2 not for signatures, 1 of an unknown kty');
  });

  test('may use a kid again on a key that is ignored', () => {
    expect(parseJwks({ keys: [EC, { ...RSA, kid: 'ec', use: 'enc' }] }).ok).toBe(true);
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

describe('a key set is refused for a key', () => {
  test.each([
    ['that is private', { ...EC, d: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['that is private, though for encryption', { ...RSA, use: 'enc', d: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['that is private, of an unknown type', { kty: 'AKP', alg: 'ML-DSA-44', priv: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['that is symmetric', { kty: 'oct', kid: 'a', k: 'x' }, 'jwks.keys[0]: PrivateKey'],
    ['without kid', { ...EC, kid: undefined }, 'jwks.keys[0].kid: Missing'],
  ])('%s', (_what, key, refusal) => {
    expect(refusals(key, { ...EC, kid: 'sound' })).toEqual([refusal]);
  });

  test('without a word of its private part', () => {
    expect(JSON.stringify(parseJwks({ keys: [{ ...EC, d: 'topsecret' }] }))).not.toContain('topsecret');
  });
});

describe('a key is ignored', () => {
  test.each([
    ['of unknown type', { ...EC, kty: 'LWE' }, 'of an unknown kty'],
    ['without type', { ...EC, kty: undefined }, 'of an unknown kty'],
    ['on an unknown curve', { ...EC, crv: 'secp256k1', alg: 'ES256K' }, 'on an unknown curve'],
    ['on a curve named like a member of every object', { ...EC, crv: 'constructor', x: 'A' }, 'on an unknown curve'],
    ['for key agreement', { ...ED, crv: 'X25519' }, 'on an unknown curve'],
    ['with a cut coordinate', { ...EC, x: 'abc' }, 'malformed or of an unsound size'],
    ['with an algorithm of another family', { ...EC, alg: 'HS256' }, 'for an algorithm that the mesh cannot verify'],
    ['with the algorithm of another curve', { ...EC, alg: 'ES384' }, 'for an algorithm that the mesh cannot verify'],
    ['for encryption by its alg alone', { ...RSA, alg: 'RSA-OAEP' }, 'for an algorithm that the mesh cannot verify'],
    ['with a short modulus', { ...RSA, n: 'abc' }, 'malformed or of an unsound size'],
    [
      'with a short modulus behind zeros',
      { ...RSA, n: `${'A'.repeat(171)}${'x'.repeat(171)}` },
      'malformed or of an unsound size',
    ],
    ['without exponent', { ...RSA, e: undefined }, 'malformed or of an unsound size'],
    ['with an exponent that Envoy refuses', { ...RSA, e: 'AQ' }, 'malformed or of an unsound size'],
    ['for another use', { ...EC, use: 'other' }, 'not for signatures'],
    ['for other operations', { ...EC, key_ops: ['deriveKey'] }, 'not for signatures'],
    ['with operations that are no list', { ...EC, key_ops: 'verify' }, 'not for signatures'],
  ])('%s, and alone it makes no set', (_what, key, reason) => {
    const sound = { ...EC, kid: 'sound' };
    const taken = parseJwks({ keys: [key, { ...sound, key_ops: ['verify'] }] });
    expect(taken).toEqual({ ok: true, value: { keys: [{ ...sound, use: 'sig' }], ignored: [{ reason, count: 1 }] } });
    expect(refusals(key)).toEqual(['jwks: Missing']);
  });
});
