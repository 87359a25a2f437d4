import type { KubeObject } from '@sekisho/kube';
import { type Jwks, parseJwks } from '@sekisho/policy';
import { describe, expect, test } from 'vitest';
import { issuerStatus } from './issuer-status.ts';
import { publicJwk } from './testing/keys.ts';
import { ISS, tokenIssuer } from './testing/objects.ts';

const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-02-01T00:00:00Z');
const EARLY_TEXT = '2026-01-01T00:00:00Z';

/** One key for each kid, whenever it is asked for. */
const key = memoized(publicJwk);
const jwks = (...kids: string[]) => ({ keys: kids.map(key) }) as unknown as Jwks;
const issuer = tokenIssuer('web', { jwksUri: 'https://idp.example/jwks.json' });

function memoized<T>(make: (kid: string) => T): (kid: string) => T {
  const made = new Map<string, T>();
  return (kid) => {
    const known = made.get(kid) ?? make(kid);
    made.set(kid, known);
    return known;
  };
}

function holder(set: unknown, iss = ISS): { refused: boolean; objects: KubeObject[] } {
  const spec = { jwtRules: [{ issuer: iss, jwks: typeof set === 'string' ? set : JSON.stringify(set) }] };
  const metadata = { name: 'jwt', namespace: 'shop' };
  return {
    refused: false,
    objects: [{ apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication', metadata, spec }],
  };
}

describe('issuerStatus', () => {
  test('counts the policies that hold each key', () => {
    const policies = [holder(jwks('old')), holder(jwks('old', 'new')), { refused: false, objects: [] }];
    const status = issuerStatus({ issuer, keys: { state: 'fetched', jwks: jwks('old', 'new') }, policies }, EARLY);
    expect(status.keys).toEqual([
      { kid: 'old', policies: 2, of: 3, since: EARLY_TEXT },
      { kid: 'new', policies: 1, of: 3, since: EARLY_TEXT },
    ]);
  });

  test('counts no key of another issuer, and none in an object that someone garbled', () => {
    const policies = [holder(jwks('a'), 'https://other.example'), holder('{"keys":')];
    const status = issuerStatus({ issuer, keys: { state: 'fetched', jwks: jwks('a') }, policies }, EARLY);
    expect(status.keys).toMatchObject([{ policies: 0, of: 2 }]);
  });

  test('counts no policy that holds another key of the same kid', () => {
    const policies = [holder({ keys: [publicJwk('a')] }), holder(jwks('a'))];
    const status = issuerStatus({ issuer, keys: { state: 'fetched', jwks: jwks('a') }, policies }, EARLY);
    expect(status.keys).toMatchObject([{ policies: 1, of: 2 }]);
  });

  test('waits for a refused policy as long as its last good objects take tokens', () => {
    const locked = { refused: true, objects: [] };
    const lastGood = { ...holder(jwks('old')), refused: true };
    const keys = { state: 'fetched', jwks: jwks('new') } as const;
    expect(issuerStatus({ issuer, keys, policies: [locked, lastGood] }, EARLY).keys).toMatchObject([
      { policies: 0, of: 1 },
    ]);
  });

  test('remembers since when a key is known, and moves the transition time only with the status', () => {
    const first = issuerStatus({ issuer, keys: { state: 'fetched', jwks: jwks('a') }, policies: [] }, EARLY);
    const before = { ...issuer, status: first };
    const second = issuerStatus(
      { issuer: before, keys: { state: 'fetched', jwks: jwks('a', 'b') }, policies: [] },
      LATE,
    );
    expect(second.keys?.map(({ since }) => since)).toEqual([EARLY_TEXT, '2026-02-01T00:00:00Z']);
    expect(second.conditions?.[0]?.lastTransitionTime).toBe(EARLY_TEXT);
  });

  test('keeps the known keys in sight while the URL is down after a restart', () => {
    const first = issuerStatus({ issuer, keys: { state: 'fetched', jwks: jwks('a') }, policies: [] }, EARLY);
    const keys = { state: 'failed', problem: 'jwksUri answered 503' } as const;
    const status = issuerStatus({ issuer: { ...issuer, status: first }, keys, policies: [holder(jwks('a'))] }, LATE);
    expect(status.keys).toMatchObject([{ kid: 'a', policies: 1, of: 1 }]);
    expect(status.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'FetchFailed' }]);
  });

  test('says how many published keys were passed over, and why', () => {
    const parsed = parseJwks({
      keys: [publicJwk('a'), { ...publicJwk('b'), use: 'enc' }, { kty: 'AKP', pub: 'material' }],
    });
    if (!parsed.ok) throw new Error('refused');
    const keys = { state: 'fetched', jwks: parsed.value } as const;
    const message = '1 key from jwksUri; ignored: 1 not for signatures, 1 of an unknown kty';
    const status = issuerStatus({ issuer, keys, policies: [] }, EARLY);
    expect(status.conditions).toMatchObject([{ status: 'True', reason: 'Fetched', message }]);
    expect(status.keys).toHaveLength(1);
  });

  test.each([
    [{ state: 'inline', jwks: jwks('a') }, 'True', 'Inline'],
    [{ state: 'fetched', jwks: jwks('a', 'b') }, 'True', 'Fetched'],
    [{ state: 'failed', problem: 'p', jwks: jwks('a') }, 'True', 'FetchFailed'],
    [{ state: 'failed', problem: 'p' }, 'False', 'FetchFailed'],
    [{ state: 'invalid', problem: 'p' }, 'False', 'Invalid'],
  ] as const)('%j is Ready %s for %s', (keys, status, reason) => {
    expect(issuerStatus({ issuer, keys, policies: [] }, EARLY).conditions).toMatchObject([{ status, reason }]);
  });
});
