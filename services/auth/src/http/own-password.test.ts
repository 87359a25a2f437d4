import { describe, expect, test } from 'vitest';
import type { ChangeOwnPassword, PasswordChange } from '../accounts/own-password.ts';
import type { Actor } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import { ALICE_ID, alice, createFixture } from '../testing/fixture.ts';
import { undocumented } from '../testing/undocumented.ts';
import { ownPasswordRoute } from './own-password.ts';
import { buildPublicApp } from './public-app.ts';

const account = { ...alice, version: 2 };
const body = { current: 'correct horse', password: 'battery staple' };

function setUp(change: ChangeOwnPassword = async () => ({ account, revoked: true })) {
  const { log, login, refresh, metrics, sessions } = createFixture();
  const seen: (Actor | PasswordChange)[] = [];
  const app = buildPublicApp({
    ...{ log, login, refresh, metrics, jwks: () => ({ keys: [] }), trustedProxies: [] },
    more: (routes) =>
      ownPasswordRoute(routes, {
        async ownSession({ headers }) {
          if (headers.authorization === undefined) throw new AuthError('session_expired', 'no session');
          return sessions.create({ userId: ALICE_ID, device: {} });
        },
        async changeOwnPassword(by, wanted) {
          seen.push(by, wanted);
          return change(by, wanted);
        },
      }),
  });
  const put = (payload: object, headers: Record<string, string> = { authorization: 'Bearer x' }) =>
    app.inject({ method: 'PUT', url: '/v1/users/me/password', payload, headers });
  return { app, put, seen, sessions };
}

describe('PUT /v1/users/me/password', () => {
  test('changes the password of whom the session belongs to, and keeps that session', async () => {
    const { put, seen, sessions } = setUp();
    const response = await put(body);
    expect(response.statusCode).toBe(204);
    const [session] = sessions.live.keys();
    expect(seen).toEqual([
      { subject: ALICE_ID, session, requestId: expect.any(String) },
      { ...body, ip: '127.0.0.1' },
    ]);
  });

  test('says so when the other sessions cannot be ended yet', async () => {
    const response = await setUp(async () => ({ account, revoked: false })).put(body);
    expect(response.statusCode).toBe(202);
    expect(response.json().detail).toContain('Redis');
  });

  test('needs a session, and takes nobody else from the body', async () => {
    const { put, seen } = setUp();
    expect((await put(body, {})).json()).toMatchObject({ status: 401, code: 'session_expired' });
    expect((await put({ ...body, id: 'other' })).json()).toMatchObject({ code: 'request_invalid' });
    expect((await put({ password: body.password })).json()).toMatchObject({ errors: [{ field: '/current' }] });
    expect(seen).toEqual([]);
  });

  test('is in the API document', async () => {
    expect(await undocumented(setUp().app)).toEqual([]);
  });
});
