import { parseServiceAuthPolicy, prepareDecision } from '@sekisho/policy';
import { generateSigningKey, toJwks } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import type { Ask, Credential } from './ask.ts';
import { createOracle } from './oracle.ts';

const NOW = 1_800_000_000_000;
const jwks = toJwks([await generateSigningKey()]);
const issuer = {
  metadata: { name: 'platform' },
  spec: { issuer: 'https://auth.test', jwksUri: 'https://auth.test/jwks' },
};
const spec = {
  selector: { matchLabels: { app: 'echo' } },
  issuers: ['platform'],
  rules: [
    { name: 'open', to: [{ paths: ['/open'] }], allow: { public: true } },
    { name: 'read', to: [{ paths: ['/items'] }], allow: { permissions: { anyOf: ['echo:read'] } } },
  ],
};
const manifest = {
  apiVersion: 'auth.sekisho.dev/v1alpha1',
  kind: 'ServiceAuthPolicy',
  metadata: { name: 'echo', namespace: 'shop' },
  spec,
};

function policy() {
  const parsed = parseServiceAuthPolicy(manifest);
  const prepared = parsed.ok && prepareDecision(parsed.value, [{ issuer, jwks }], 'cluster.local');
  if (prepared === false || !prepared.ok) throw new Error('the policy is not a valid one');
  return prepared.policy;
}

const oracle = createOracle({ echo: policy(), bucket: policy() }, { revocationMs: 6_000, skewSeconds: 60 });

function credential(more: Partial<Credential> = {}, audience = 'echo'): Credential {
  const services = { [audience]: { permissions: ['echo:read'] } };
  const claims = { iss: 'https://auth.test', sub: 'alice', aud: [audience], exp: NOW / 1000 + 300, services };
  return { token: 'a.b.c', claims, ...more };
}

function ask(presented: Ask['presented'], path = '/items'): Ask {
  return { name: 'test', service: 'echo', place: 'edge', method: 'GET', path, presented };
}

const issued = (more?: Partial<Credential>, audience?: string) =>
  ({ kind: 'issued', credential: credential(more, audience) }) as const;

describe('what may pass', () => {
  test.each([
    ['a token with the permission', ask(issued()), true],
    ['no token', ask({ kind: 'none' }), false],
    ['no token, where none is needed', ask({ kind: 'none' }, '/open'), true],
    ['a forged one', ask({ kind: 'forged', token: 'a.b.c' }), false],
    ['a forged one, where none is needed', ask({ kind: 'forged', token: 'a.b.c' }, '/open'), false],
    ['one for another service', ask(issued({}, 'bucket')), false],
    ['one for another service, where none is needed', ask(issued({}, 'bucket'), '/open'), true],
    ['one that was revoked just now', ask(issued({ revokedAt: NOW - 6_000 })), true],
    ['one that was revoked before', ask(issued({ revokedAt: NOW - 6_001 })), false],
    ['one that was revoked before, where none is needed', ask(issued({ revokedAt: NOW - 6_001 }), '/open'), false],
  ])('%s: %#', (_, asked, wanted) => {
    expect(oracle(asked, NOW)).toBe(wanted);
  });

  test('ends with the token, and a minute', () => {
    expect(oracle(ask(issued()), NOW + 360_000)).toBe(true);
    expect(oracle(ask(issued()), NOW + 360_001)).toBe(false);
  });
});
