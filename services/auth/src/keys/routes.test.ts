import { randomBytes } from 'node:crypto';
import { systemClock } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import { AUDIENCE } from '../accounts/account.ts';
import { createAuthorize } from '../http/authorize.ts';
import { createServer } from '../http/server.ts';
import { ADMIN_ID, createFixture } from '../testing/fixture.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { KeyKeeper, type RevokeKey } from './key-keeper.ts';
import { keyRoutes } from './routes.ts';
import { keyTiming } from './timing.ts';

async function setUp(revokeKey: RevokeKey = async () => undefined) {
  const { log, metrics, clock, verifyFor, mint } = createFixture();
  const keeper = new KeyKeeper({
    store: memoryKeys(() => clock().getTime()),
    encryptionKeys: { current: randomBytes(32), previous: [] },
    rules: { alg: 'ES256', periodMs: 3_600_000, publishMs: 900_000, longestTokenMs: 900_000 },
    timing: keyTiming(30_000),
    spread: async () => ({ kind: 'unreported' }),
    revokeKey,
    observer: { seen: () => {}, done: () => {}, compromised: () => {}, failed: () => {} },
    clock: systemClock,
    random: Math.random,
  });
  await keeper.look();
  const app = createServer(log);
  keyRoutes(app, { keys: keeper, authorize: createAuthorize({ verify: verifyFor(AUDIENCE), clock, metrics }) });
  const call = async (method: 'GET' | 'POST', payload?: object, permissions = ['keys:read', 'keys:write']) => {
    const services = { auth: { permissions } };
    const { token } = await mint({ subject: ADMIN_ID, audience: ['auth'], services, lifetimeSeconds: 900 });
    const url = method === 'GET' ? '/v1/keys' : '/v1/keys/rotate';
    const headers = { authorization: `Bearer ${token}` };
    return app.inject({ method, url, headers, ...(payload && { payload }) });
  };
  return { app, keeper, call };
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
        { kid: next?.kid, alg: 'ES256', state: 'next', createdAt },
        { kid: active?.kid, alg: 'ES256', state: 'active', createdAt, activatedAt: createdAt },
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
    for (const compromised of ['', "' or 1=1 --", 'A'.repeat(44), 7, null]) {
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
