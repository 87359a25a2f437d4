import { describe, expect, test } from 'vitest';
import { type AccessClaims, permissionsAt } from './claims.ts';

const now = 1_000;

function claims(services: AccessClaims['services']): AccessClaims {
  return { iss: 'i', sub: 's', aud: ['a'], iat: 0, nbf: 0, exp: 2_000, jti: 'j', services };
}

describe('permissionsAt', () => {
  test('gives what the token grants at the service', () => {
    expect(permissionsAt(claims({ bucket: { permissions: ['bucket:read'] } }), 'bucket', now)).toEqual(['bucket:read']);
  });

  test('gives nothing at a service that is not named, whatever its name', () => {
    for (const service of ['user', 'constructor', '__proto__', 'toString']) {
      expect(permissionsAt(claims({ bucket: { permissions: ['x'] } }), service, now)).toEqual([]);
    }
  });

  test('gives nothing from the second at which the grant ends', () => {
    const ending = claims({ bucket: { permissions: ['x'], expires: now } });
    expect(permissionsAt(ending, 'bucket', now - 1)).toEqual(['x']);
    expect(permissionsAt(ending, 'bucket', now)).toEqual([]);
  });
});
