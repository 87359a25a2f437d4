import { randomBytes } from 'node:crypto';
import { systemClock } from '@sekisho/kube';
import { generateSigningKey } from '@sekisho/tokens';
import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { AUDIENCE } from '../accounts/account.ts';
import { createAuthorize } from '../http/authorize.ts';
import { createServer } from '../http/server.ts';
import { administratorGrant, createFixture } from '../testing/fixture.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { KeyKeeper, type RevokeKey } from './key-keeper.ts';
import { LiveKeyRing } from './key-ring.ts';
import { PublicKeyRing } from './public-key-ring.ts';
import { keyRoutes } from './routes.ts';
import type { SignerRing } from './signer-ring.ts';
import { keyTiming } from './timing.ts';

const timing = keyTiming(30_000);
const encryptionKeys = { current: randomBytes(32), previous: [] };
const both = ['keys:read', 'keys:write'];

async function setUp(revokeKey: RevokeKey = async () => undefined) {
  const { log, metrics, clock, verifyFor, mint } = createFixture();
  const keeperOf = <Ring extends SignerRing>(ring: Ring) =>
    new KeyKeeper({
      store: memoryKeys(() => clock().getTime()),
      ring,
      rules: {
        alg: 'ES256',
        periodMs: 3_600_000,
        publishMs: 900_000,
        longestTokenMs: 900_000,
        cutOffMs: 0,
        maxRetiring: 14,
      },
      timing,
      spread: async () => ({ kind: 'unreported' }),
      revokeKey,
      observer: { seen: () => {}, done: () => {}, compromised: () => {}, unreadable: () => {}, failed: () => {} },
      clock: systemClock,
      random: Math.random,
    });
  const keeper = keeperOf(new LiveKeyRing({ encryptionKeys, clock: systemClock, staleMs: timing.staleMs }));
  const guard = keeperOf(new PublicKeyRing(systemClock, timing));
  await keeper.look();
  await guard.look();
  const app = createServer(log);
  const authorize = createAuthorize({ verify: verifyFor(AUDIENCE), clock, metrics });
  keyRoutes(app, { keys: { auth: keeper, guard }, authorize });
  const request = async (options: InjectOptions, permissions = both) => {
    const { token } = await mint(administratorGrant(permissions));
    return app.inject({ ...options, headers: { authorization: `Bearer ${token}` } });
  };
  const call = async (method: 'GET' | 'POST', payload?: object, permissions = both) => {
    const url = method === 'GET' ? '/v1/keys' : '/v1/keys/rotate';
    return request({ method, url, ...(payload && { payload }) }, permissions);
  };
  /** Two keys that the guard made: the one that signs, and the next. */
  const offer = async () => {
    const offered = [await generateSigningKey(), await generateSigningKey()] as const;
    for (const { publicJwk } of offered) await guard.offer({ publicJwk, sealed: randomBytes(64) });
    return offered;
  };
  return { app, keeper, guard, call, request, offer };
}

const statesIn = (body: { keys: { state: string }[] }) => body.keys.map(({ state }) => state);

describe('GET /v1/keys', () => {
  test('lists the keys by name, state and times, and nothing that signs', async () => {
    const { keeper, call } = await setUp();
    const response = await call('GET');
    expect(response.statusCode).toBe(200);
    const [active, next] = keeper.ring.published.keys;
    const createdAt = '2026-01-02T03:04:05.000Z';
    expect(response.json()).toEqual({
      keys: [
        { kid: next?.kid, signer: 'auth', alg: 'ES256', state: 'next', createdAt },
        { kid: active?.kid, signer: 'auth', alg: 'ES256', state: 'active', createdAt, activatedAt: createdAt },
      ],
    });
  });

  test('needs keys:read', async () => {
    const { app, call } = await setUp();
    expect((await call('GET', undefined, ['keys:write'])).json()).toMatchObject({ code: 'permission_missing' });
    expect((await app.inject({ url: '/v1/keys' })).json()).toMatchObject({ code: 'token_missing' });
  });
});

describe('POST /v1/keys/rotate', () => {
  test.each([[undefined], [{}]])(
    'lets the next key sign when all hold it, and does no more when asked again (%j)',
    async (body) => {
      const { keeper, call } = await setUp();
      const response = await call('POST', body);
      expect(response.statusCode).toBe(202);
      expect(statesIn(response.json())).toEqual(['next', 'active']);
      expect((await call('POST', body)).json()).toEqual(response.json());
      expect(keeper.ring.published.keys).toHaveLength(2);
    },
  );

  test('takes a compromised key out at once', async () => {
    const revoked: string[] = [];
    const { keeper, call } = await setUp(async (kid) => void revoked.push(kid));
    const compromised = keeper.ring.active.kid;
    const response = await call('POST', { compromised });
    expect(statesIn(response.json())).toEqual(['next', 'active', 'retired']);
    expect(response.json().keys[2]).toMatchObject({ kid: compromised, compromisedAt: expect.any(String) });
    expect(keeper.ring.published.keys.map(({ kid }) => kid)).not.toContain(compromised);
    expect(revoked).toEqual([compromised]);
    expect((await call('POST', { compromised })).statusCode).toBe(202);
    expect(revoked).toEqual([compromised, compromised]);
  });

  test('says when there is no such key, and refuses what can be none', async () => {
    const { keeper, call } = await setUp();
    const before = keeper.ring.published;
    expect((await call('POST', { compromised: 'A'.repeat(43) })).json()).toMatchObject({ code: 'key_unknown' });
    expect((await call('POST', { compromised: `eu.${'A'.repeat(43)}` })).json()).toMatchObject({ code: 'key_unknown' });
    for (const compromised of ['', "' or 1=1 --", 'A'.repeat(44), `EU.${'A'.repeat(43)}`, 7, null]) {
      expect((await call('POST', { compromised })).json()).toMatchObject({ status: 400, code: 'request_invalid' });
    }
    expect((await call('POST', { compromise: 'A'.repeat(43) })).statusCode).toBe(400);
    expect(keeper.ring.published).toBe(before);
  });

  test('needs keys:write', async () => {
    const { call } = await setUp();
    expect((await call('POST', {}, ['keys:read'])).json()).toMatchObject({ code: 'permission_missing' });
  });
});

describe('the keys of the guard', () => {
  const kidsIn = (body: { keys: { kid: string }[] }) => body.keys.map(({ kid }) => kid);

  test('are listed with the others, or alone', async () => {
    const { keeper, offer, call, request } = await setUp();
    const [active, next] = await offer();
    expect(kidsIn((await call('GET')).json())).toHaveLength(4);
    const response = await request({ url: '/v1/keys?signer=guard' });
    expect(kidsIn(response.json())).toEqual([next.kid, active.kid]);
    expect(response.json().keys[1]).toMatchObject({ signer: 'guard', state: 'active' });
    const own = await request({ url: '/v1/keys?signer=auth' });
    expect(kidsIn(own.json())).toEqual(keeper.ring.published.keys.map(({ kid }) => kid).toReversed());
    expect((await request({ url: '/v1/keys?signer=nobody' })).json()).toMatchObject({ code: 'request_invalid' });
  });

  test('are replaced alone', async () => {
    const { keeper, guard, offer, call } = await setUp();
    const before = keeper.ring.published;
    const offered = await offer();
    const response = await call('POST', { signer: 'guard' });
    expect(response.statusCode).toBe(202);
    expect(kidsIn(response.json())).toEqual(offered.map(({ kid }) => kid).toReversed());
    expect((await guard.live()).keys[0]).toHaveProperty('rotationRequestedAt');
    expect((await keeper.live()).keys[0]).not.toHaveProperty('rotationRequestedAt');
    expect(keeper.ring.published).toBe(before);
  });

  test('are taken out alone, named by their kid or with their signer', async () => {
    const revoked: string[] = [];
    const { keeper, guard, offer, call } = await setUp(async (kid) => void revoked.push(kid));
    const before = keeper.ring.published;
    const [active, next] = await offer();
    expect((await call('POST', { signer: 'auth', compromised: active.kid })).json()).toMatchObject({
      code: 'key_unknown',
    });
    const response = await call('POST', { compromised: active.kid });
    expect(statesIn(response.json())).toEqual(['active', 'retired']);
    expect(guard.ring.published.keys).toEqual([next.publicJwk]);
    expect((await call('POST', { signer: 'guard', compromised: next.kid })).statusCode).toBe(202);
    expect(guard.ring.published.keys).toEqual([]);
    expect(keeper.ring.published).toBe(before);
    expect(revoked).toEqual([active.kid, next.kid]);
  });

  test('stay when a key of this service is taken out', async () => {
    const { keeper, guard, offer, call } = await setUp();
    await offer();
    const before = guard.ring.published;
    expect((await call('POST', { compromised: keeper.ring.active.kid })).statusCode).toBe(202);
    expect(guard.ring.published).toBe(before);
  });
});
