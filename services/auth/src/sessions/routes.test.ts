import { SessionError, type SessionStore } from '@sekisho/sessions';
import { ANY_AUDIENCE, createVerifier, keyIdOf } from '@sekisho/tokens';
import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { countedVerify } from '../http/counted-verify.ts';
import { buildPublicApp } from '../http/public-app.ts';
import { OWN_CLIENT } from '../login/access-grant.ts';
import { createKnowledge } from '../revocations/knowledge.ts';
import { refuseRevoked } from '../revocations/refuse-revoked.ts';
import { ALICE_ID, createFixture, ISSUER, jwks } from '../testing/fixture.ts';
import { undocumented } from '../testing/undocumented.ts';
import { createNamedSession, createOwnSession } from './own-session.ts';
import { sessionRoutes } from './routes.ts';
import { createSessionEndings } from './session-endings.ts';

const BOB_ID = '00000000-0000-4000-8000-000000000003';

/** @param get what is asked whether the session of a token lives, in place of the store */
function setUp(get?: SessionStore['get']) {
  const fixture = createFixture();
  const { log, login, refresh, metrics, sessions, revocations, mint, clock } = fixture;
  const anyAudience = createVerifier({ issuer: ISSUER, audience: ANY_AUDIENCE, jwks: () => jwks, clock });
  const { assertCaughtUp: assertKnown } = createKnowledge(revocations, { maxStalenessMs: 60_000, maxBehindMs: 0 });
  const verify = countedVerify(refuseRevoked({ verify: anyAudience, revocations, assertKnown }), metrics);
  const ownSession = createOwnSession({
    verify,
    sessions: get === undefined ? sessions : { get },
    isFirstParty: async (clientId) => clientId === 'shop',
  });
  const namedSession = createNamedSession({ verify });
  const endings = createSessionEndings({ sessions, revoker: revocations, revocations, metrics });
  const app = buildPublicApp({
    ...{ log, login, refresh, metrics, jwks: () => jwks, trustedProxies: [] },
    more: (routes) => sessionRoutes(routes, { sessions, endings, ownSession, namedSession }),
  });
  const open = async (userId = ALICE_ID, clientId = OWN_CLIENT) => {
    const { id } = await sessions.create({
      userId,
      device: { userAgent: 'Firefox', platform: 'Linux' },
      ip: '192.0.2.1',
    });
    const grant = { subject: userId, clientId, audience: ['bucket'], services: {}, session: { id } };
    return { id, token: (await mint({ ...grant, lifetimeSeconds: 900 })).token };
  };
  const call = (options: InjectOptions, token: string) =>
    app.inject({ ...options, headers: { authorization: `Bearer ${token}` } });
  return { ...fixture, app, open, call };
}

const LIST: InjectOptions = { url: '/v1/sessions' };
const END_ALL: InjectOptions = { method: 'DELETE', url: '/v1/sessions' };
const END_CURRENT: InjectOptions = { method: 'DELETE', url: '/v1/sessions/current' };
const end = (id: string): InjectOptions => ({ method: 'DELETE', url: `/v1/sessions/${id}` });

describe('an application of others', () => {
  test('sees and ends no session but its own', async () => {
    const { open, call, sessions } = setUp();
    const own = await open();
    const theirs = await open(ALICE_ID, 'photos');
    for (const request of [LIST, END_ALL, end(own.id), { ...END_ALL, query: { others: 'true' } }]) {
      expect((await call(request, theirs.token)).json()).toMatchObject({ status: 403, code: 'permission_missing' });
    }
    expect((await call(END_CURRENT, theirs.token)).statusCode).toBe(204);
    expect(await sessions.list(ALICE_ID)).toMatchObject([{ id: own.id }]);
  });

  test('is one that nobody knows', async () => {
    const { open, call } = setUp();
    expect((await call(LIST, (await open(ALICE_ID, 'gone')).token)).statusCode).toBe(403);
    expect((await call(LIST, (await open(ALICE_ID, 'shop')).token)).statusCode).toBe(200);
  });
});

describe('the sessions of a user', () => {
  test('are listed with device, place and times, the one that asks marked', async () => {
    const { open, call, time } = setUp();
    const first = await open();
    time.now = new Date(time.now.getTime() + 60_000);
    const second = await open();
    await open(BOB_ID);
    const response = await call(LIST, first.token);
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    const common = { device: { userAgent: 'Firefox', platform: 'Linux' }, ip: '192.0.2.1' };
    expect(response.json()).toEqual({
      sessions: [
        {
          ...common,
          id: second.id,
          current: false,
          createdAt: '2026-01-02T03:05:05.000Z',
          lastAccessedAt: '2026-01-02T03:05:05.000Z',
          expiresAt: '2026-01-09T03:05:05.000Z',
        },
        {
          ...common,
          id: first.id,
          current: true,
          createdAt: '2026-01-02T03:04:05.000Z',
          lastAccessedAt: '2026-01-02T03:04:05.000Z',
          expiresAt: '2026-01-09T03:04:05.000Z',
        },
      ],
    });
  });

  test('end one by one: the token is refused from then on, those of others are not', async () => {
    const { open, call } = setUp();
    const [current, other] = [await open(), await open()];
    const ended = await call(END_CURRENT, current.token);
    expect([ended.statusCode, ended.body]).toEqual([204, '']);
    const again = await call(LIST, current.token);
    expect(again.json()).toMatchObject({ status: 401, code: 'token_revoked' });
    expect(again.headers['www-authenticate']).toBe('Bearer realm="sekisho", error="invalid_token"');
    const third = await open();
    expect((await call(end(third.id), other.token)).statusCode).toBe(204);
    expect((await call(end(third.id), other.token)).json()).toMatchObject({ status: 404, code: 'session_unknown' });
    expect((await call(LIST, other.token)).json().sessions).toHaveLength(1);
  });

  test('end all at once, or all others', async () => {
    const { open, call } = setUp();
    const [current, other, bobs] = [await open(), await open(), await open(BOB_ID)];
    expect((await call({ ...END_ALL, query: { others: 'true' } }, current.token)).statusCode).toBe(204);
    expect((await call(LIST, other.token)).json()).toMatchObject({ code: 'token_revoked' });
    expect((await call(LIST, current.token)).json().sessions).toHaveLength(1);
    const third = await open();
    expect((await call({ ...END_ALL, query: { others: 'false' } }, current.token)).statusCode).toBe(204);
    for (const { token } of [current, third]) {
      expect((await call(LIST, token)).json()).toMatchObject({ code: 'token_revoked' });
    }
    expect((await call(LIST, bobs.token)).json().sessions).toHaveLength(1);
  });

  test('cannot be ended by another user', async () => {
    const { open, call, sessions, revocations } = setUp();
    const [alices, bobs] = [await open(), await open(BOB_ID)];
    expect((await call(end(alices.id), bobs.token)).json()).toMatchObject({ status: 404, code: 'session_unknown' });
    expect(sessions.live.has(alices.id)).toBe(true);
    expect(revocations.revoked).toEqual([]);
  });

  test('are asked for again where another region may have begun that of the token and could not tell', async () => {
    const asked: unknown[] = [];
    const { open, call, clock } = setUp((_, id, from) => {
      asked.push({ id, from });
      return Promise.reject(new SessionError('session_untold', 'it may live'));
    });
    const { id, token } = await open();
    const response = await call(LIST, token);
    expect(response.json()).toMatchObject({ status: 503, code: 'unavailable' });
    expect(response.headers['retry-after']).toBe('1');
    const iat = Math.floor(clock().getTime() / 1000);
    expect(asked).toEqual([{ id, from: { kid: keyIdOf(token), iat } }]);
  });

  test('are not shown to a token whose session is over, whoever ended it', async () => {
    const { open, call, sessions } = setUp();
    const { id, token } = await open();
    await sessions.destroy(ALICE_ID, id);
    for (const request of [LIST, END_ALL, end(id)]) {
      const response = await call(request, token);
      expect(response.json()).toMatchObject({ status: 401, code: 'session_expired' });
      expect(response.headers['www-authenticate']).toContain('Bearer');
    }
  });

  test('are refused by who logs out, also when nobody knows them any more: Redis may bring one back', async () => {
    const { open, call, sessions, revocations } = setUp();
    const { id, token } = await open();
    await sessions.destroy(ALICE_ID, id);
    expect((await call(END_CURRENT, token)).statusCode).toBe(204);
    expect(revocations.revoked).toMatchObject([{ kind: 'session', id }]);
    expect((await call(END_CURRENT, token)).json()).toMatchObject({ status: 401, code: 'token_revoked' });
  });

  test('are shown to no token but that of a log-in: not to a derived one, nor to a workload', async () => {
    const { call, minter, sessions } = setUp();
    const session = await sessions.create({ userId: ALICE_ID, device: {} });
    const services = { bucket: { permissions: [] } };
    const login = { subject: ALICE_ID, clientId: 'web', audience: ['bucket'], services, lifetimeSeconds: 900 };
    const { claims } = await minter.access({ ...login, session: { id: session.id } });
    const actor = 'system:serviceaccount:shop:bucket';
    const grant = { permissions: [] };
    for (const { token } of [
      await minter.narrow(claims, 'bucket'),
      await minter.delegated(claims, { actor, service: 'bucket', grant }),
      await minter.service({ workload: actor, service: 'bucket', grant }),
      await minter.access(login),
    ]) {
      for (const request of [LIST, END_ALL, END_CURRENT, end(session.id)]) {
        expect((await call(request, token)).json()).toMatchObject({ status: 403, code: 'permission_missing' });
      }
    }
    expect(sessions.live.size).toBe(1);
  });

  test('need a token, and a query that makes sense', async () => {
    const { app, open, call } = setUp();
    expect((await app.inject(LIST)).json()).toMatchObject({ status: 401, code: 'token_missing' });
    const { token } = await open();
    for (const query of [{ others: 'yes' }, { other: 'true' }, { others: ['true', 'true'] }]) {
      expect((await call({ ...END_ALL, query }, token)).json()).toMatchObject({ status: 400, code: 'request_invalid' });
    }
    expect((await call(end('a%20b'), token)).json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });

  test('are documented', async () => {
    expect(await undocumented(setUp().app)).toEqual([]);
  });
});
