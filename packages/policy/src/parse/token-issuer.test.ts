import { describe, expect, test } from 'vitest';
import { parseTokenIssuer } from './token-issuer.ts';

const URI = 'https://login.example/jwks.json';
const EC = { kty: 'EC', crv: 'P-256', kid: 'a', x: 'x'.repeat(43), y: 'y'.repeat(43) };

function refusals(spec: object): readonly string[] {
  const result = parseTokenIssuer({
    metadata: { name: 'platform' },
    spec: { issuer: 'https://login.example', ...spec },
  });
  return result.ok ? [] : result.problems.map(({ path, code }) => `${path}: ${code}`);
}

test('a valid issuer gets the default claim paths', () => {
  const raw = { metadata: { name: 'platform' }, spec: { issuer: 'https://login.example', jwksUri: URI } };
  expect(parseTokenIssuer(raw)).toMatchObject({
    ok: true,
    value: {
      spec: {
        ...{ permissions: ['services', '{service}', 'permissions'], roles: ['user', 'roles'] },
        ...{ requiredClaims: [], default: false },
      },
    },
  });
});

test('inline keys are kept with their public members alone', () => {
  const jwks = { keys: [{ ...EC, x5t: 'thumbprint', ext: true }] };
  const raw = { metadata: { name: 'platform' }, spec: { issuer: 'https://login.example', jwks } };
  expect(parseTokenIssuer(raw)).toMatchObject({
    ok: true,
    value: { spec: { jwks: { keys: [{ ...EC, use: 'sig' }] } } },
  });
});

describe('an issuer is refused', () => {
  test.each([
    ['without keys', {}, 'spec: Exclusive'],
    ['with both kinds of keys', { jwks: { keys: [EC] }, jwksUri: URI }, 'spec: Exclusive'],
    ['with a wildcard', { issuer: 'https://login.example/*', jwksUri: URI }, 'spec.issuer: Wildcard'],
    ['with a control character', { issuer: 'https://a\u0000', jwksUri: URI }, 'spec.issuer: BadValue'],
    ['with a private key', { jwks: { keys: [{ ...EC, d: 'secret' }] } }, 'spec.jwks.keys[0]: PrivateKey'],
    ['with an unknown placeholder', { jwksUri: URI, roles: ['{svc}', 'roles'] }, 'spec.roles[0]: BadValue'],
    ['with a bracket in a claim path', { jwksUri: URI, permissions: ['a]'] }, 'spec.permissions[0]: BadValue'],
    ['that requires no claim', { jwksUri: URI, requiredClaims: [] }, 'spec.requiredClaims: OutOfBounds'],
    [
      'that requires a wildcard',
      { jwksUri: URI, requiredClaims: [{ path: ['typ'], anyOf: ['*'] }] },
      'spec.requiredClaims[0].anyOf[0]: Wildcard',
    ],
    [
      'that requires a claim that cannot be named',
      { jwksUri: URI, requiredClaims: [{ path: ['typ'] }, { path: ['a', '{svc}'] }] },
      'spec.requiredClaims[1].path[1]: BadValue',
    ],
    ['with an unknown field', { jwksUri: URI, jwks_uri: URI }, 'spec.jwks_uri: UnknownField'],
  ])('%s', (_what, spec, refusal) => {
    expect(refusals(spec)).toEqual([refusal]);
  });
});

describe('jwksUri', () => {
  test.each([
    'https://login.example/jwks.json',
    'http://127.0.0.1:8080/jwks.json',
    'http://localhost/jwks.json',
    'http://[::1]:1234/',
    'http://auth.sekisho-system.svc/.well-known/jwks.json',
    'http://auth.sekisho-system.svc.cluster.local:8080/jwks.json',
  ])('%s is taken', (jwksUri) => {
    expect(refusals({ jwksUri })).toEqual([]);
  });

  test.each([
    'http://login.example/jwks.json',
    'http://auth.svc.evil.example/',
    'http://127.0.0.1.evil.example/',
    'ftp://login.example/',
    'file:///etc/passwd',
    'https://user:password@login.example/',
    'https://login.example/#keys',
    'login.example',
    '',
  ])('%s is refused', (jwksUri) => {
    expect(refusals({ jwksUri })).toHaveLength(1);
  });

  test('is not repeated in the message, because it may hold a password', () => {
    const raw = { metadata: { name: 'x' }, spec: { issuer: 'i', jwksUri: 'https://user:hunter2@login.example/' } };
    expect(JSON.stringify(parseTokenIssuer(raw))).not.toContain('hunter2');
  });
});
