import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { Service } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';

const prefix = `test-${randomUUID()}`;
const user = { email: 'alice@example.org', password: 'correct horse' };
const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];

let service: Service;
let userId: string;
let remove = async () => {};

beforeAll(async () => {
  const database = await databaseKinds('')[0]?.create();
  remove = database?.remove ?? remove;
  service = await startService({
    redisUrl: inject('redisUrl'),
    databaseUrl: database?.url ?? '',
    prefix,
  });
  await untilReady(service);
  const created = await admin('/v1/users', { ...user, grants });
  userId = created.json().id;
});
afterAll(async () => {
  await service.close();
  await remove();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function admin(url: string, payload: object, token?: string) {
  const headers = bearer(token ?? (await logInAgain(ADMIN_LOGIN)).json().access_token);
  return service.adminApp.inject({ method: 'POST', url, headers, payload });
}

/** In the second of a revocation a log-in is told to come back. */
async function logInAgain(credentials: object) {
  return vi.waitFor(
    async () => {
      const response = await logIn(service, credentials);
      if (response.statusCode === 503) expect(response.headers['retry-after']).toBe('1');
      expect(response.statusCode).toBe(201);
      return response;
    },
    { timeout: 60_000, interval: 100 },
  );
}

async function open() {
  const response = await logInAgain(user);
  const { access_token, refresh_token, session } = response.json();
  return { token: String(access_token), refreshToken: String(refresh_token), id: String(session.id) };
}

const refresh = (refreshToken: string) =>
  service.publicApp.inject({ method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token: refreshToken } });

const own = (token: string, method: 'GET' | 'DELETE' = 'GET', url = '/v1/sessions') =>
  service.publicApp.inject({ method, url, headers: bearer(token) });

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());

async function expectRefused(token: string): Promise<void> {
  await expect
    .poll(async () => (await own(token)).json(), { timeout: 60_000, interval: 5 })
    .toMatchObject({ code: 'token_revoked' });
}

describe('users', () => {
  test('list their sessions, and end one: its token is refused', async () => {
    const [first, second] = [await open(), await open()];
    const listed = (await own(first.token)).json().sessions;
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining([first.id, second.id]));
    expect((await own(first.token, 'DELETE', `/v1/sessions/${second.id}`)).statusCode).toBe(204);
    expect((await own(second.token)).statusCode).toBe(401);
    await expectRefused(second.token);
    expect((await own(first.token)).statusCode).toBe(200);
  });

  test('log out everywhere, and log in again in the same second', async () => {
    const sessions = [await open(), await open(), await open()];
    expect((await own(sessions[0]?.token ?? '', 'DELETE')).statusCode).toBe(204);
    const next = await open();
    for (const { token } of sessions) await expectRefused(token);
    expect((await own(next.token)).json().sessions).toHaveLength(1);
  });

  test('lose the session used least recently to one too many, with its tokens', async () => {
    const first = await open();
    for (let count = 0; count < 20; count += 1) await open();
    await expectRefused(first.token);
  });
});

test('a refresh token that is used again ends the session, with a security event', async () => {
  const { token, refreshToken } = await open();
  const { refresh_token: successor } = (await refresh(refreshToken)).json();
  expect((await refresh(successor)).statusCode).toBe(200);
  expect((await refresh(refreshToken)).json()).toMatchObject({ status: 401, code: 'session_expired' });
  await expectRefused(token);
  const { body } = await service.adminApp.inject({ url: '/metrics' });
  expect(body).toContain('security_events_total{kind="refresh_replayed"} 1');
  expect(body).toContain('session_destructions_total{reason="refresh_replayed"} 1');
});

describe('administrators', () => {
  test('refuse a token, a jti, a session, a user, a device or a client', async () => {
    const body: Record<string, (opened: { token: string; id: string }) => string> = {
      token: ({ token }) => token,
      jti: ({ token }) => claimsOf(token).jti,
      session: ({ id }) => id,
      user: () => userId,
      device: ({ token }) => claimsOf(token).session.device,
      client: ({ token }) => claimsOf(token).client_id,
    };
    for (const [name, value] of Object.entries(body)) {
      const opened = await open();
      const response = await admin('/v1/revocations', { [name]: value(opened) });
      expect([name, response.statusCode, response.body]).toEqual([name, 200, expect.stringContaining('revoked')]);
      await expectRefused(opened.token);
      // A token alone ends no session; whatever else is revoked brings no new tokens either.
      const isToken = name === 'token' || name === 'jti';
      expect([name, (await refresh(opened.refreshToken)).statusCode]).toEqual([name, isToken ? 200 : 401]);
    }
    expect((await own((await open()).token)).statusCode).toBe(200);
  });

  test('end the sessions too of what they revoke', async () => {
    const [one, other] = [await open(), await open()];
    await admin('/v1/revocations', { session: one.id });
    const left = async () => (await own((await open()).token)).json().sessions.map(({ id }: { id: string }) => id);
    expect(await left()).not.toContain(one.id);
    expect(await left()).toContain(other.id);
    await admin('/v1/revocations', { user: userId });
    expect(await left()).toHaveLength(1);
  });

  test('refuse everything issued up to a moment, also what they hold themselves', async () => {
    const token = (await logInAgain(ADMIN_LOGIN)).json().access_token;
    const { iat } = claimsOf(token);
    expect((await admin('/v1/revocations', { issuedBefore: iat - 1 }, token)).statusCode).toBe(200);
    const response = await admin('/v1/revocations', { issuedBefore: iat }, token);
    expect(response.json()).toEqual({ revoked: 'all' });
    await expect
      .poll(async () => (await admin('/v1/revocations', { jti: 'x' }, token)).json(), { timeout: 60_000, interval: 5 })
      .toMatchObject({ status: 401, code: 'token_revoked' });
    expect((await admin('/v1/revocations', { jti: 'x' })).statusCode).toBe(200);
  });

  test.each<[object, string]>([
    [{}, ''],
    [{ jti: 'a', session: 'b' }, ''],
    [{ nonsense: 'a' }, '/nonsense'],
    [{ jti: '' }, '/jti'],
    [{ jti: 'a\n' }, '/jti'],
    [{ user: 7 }, '/user'],
    [{ token: 'a.b.c' }, '/token'],
    [{ issuedBefore: Math.floor(Date.now() / 1000) + 7_200 }, '/issuedBefore'],
    [{ issuedBefore: '0' }, '/issuedBefore'],
  ])('are told the field of what makes no sense (%#)', async (body, field) => {
    const response = await admin('/v1/revocations', body);
    expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(response.json().errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('need the permission', async () => {
    const { token } = await open();
    expect((await admin('/v1/revocations', { jti: 'x' }, token)).json()).toMatchObject({
      status: 401,
      code: 'audience_mismatch',
    });
    const writer = { email: 'writer@example.org', password: 'correct horse' };
    await admin('/v1/users', { ...writer, grants: [{ service: 'auth', permissions: ['users:write'] }] });
    const other = (await logInAgain({ ...writer, services: ['auth'] })).json().access_token;
    expect((await admin('/v1/revocations', { jti: 'x' }, other)).json()).toMatchObject({
      status: 403,
      code: 'permission_missing',
    });
  });

  test('refuse what a key signed, last of all', async () => {
    const { token } = await open();
    expect((await admin('/v1/revocations', { key: headerOf(token).kid })).statusCode).toBe(200);
    await expectRefused(token);
  });

  test('see what was done in the metrics, by kind alone', async () => {
    const { body } = await service.adminApp.inject({ url: '/metrics' });
    expect(body).toMatch(/^session_destructions_total\{reason="logout"\} [1-9]/m);
    expect(body).toMatch(/^session_destructions_total\{reason="evicted"\} [1-9]/m);
    expect(body).toMatch(/^session_destructions_total\{reason="revoked"\} [1-9]/m);
    expect(body).toMatch(/^revocation_propagation_seconds_count [1-9]/m);
    expect(body).toMatch(/^security_events_total\{kind="revoked"\} [1-9]/m);
    expect(body).toMatch(/^revocations [1-9]/m);
    expect(body).not.toContain(userId);
  });
});
