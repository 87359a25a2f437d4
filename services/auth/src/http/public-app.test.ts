import { createLogger } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import type { Login } from '../login/login.ts';
import { createFixture, type FixtureOptions, jwks } from '../testing/fixture.ts';
import { undocumented } from '../testing/undocumented.ts';
import { buildPublicApp } from './public-app.ts';

const credentials = { email: 'alice@example.org', password: 'correct horse' };

function setUp(options: FixtureOptions & { login?: Login; trustedProxies?: string[] } = {}) {
  const fixture = createFixture(options);
  const { login = fixture.login, refresh, metrics, log, trustedProxies = [] } = { ...fixture, ...options };
  const app = buildPublicApp({ log, login, refresh, jwks: () => jwks, metrics, trustedProxies });
  const post = (payload: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/v1/sessions',
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
  return { ...fixture, app, post };
}

describe('POST /v1/sessions', () => {
  test('answers 201 with a bearer token that nobody may cache', async () => {
    const { post, verifyFor, registry } = setUp();
    const response = await post(credentials);
    expect(response.statusCode).toBe(201);
    expect(response.headers['cache-control']).toBe('no-store');
    const body = response.json();
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^skr_/),
      session: { id: expect.any(String), expiresAt: '2026-01-09T03:04:05.000Z' },
    });
    expect((await verifyFor('bucket')(body.access_token)).session?.ip).toBe('127.0.0.1');
    const text = await registry.render();
    expect(text).toContain('auth_attempts_total{method="password",result="success"} 1');
    expect(text).toContain('tokens_issued_total{kind="access"} 1');
    expect(text).toContain('session_creations_total 1');
  });

  test('knows the device from the body, and its user agent else from the header', async () => {
    const { post, sessions } = setUp();
    await post({ ...credentials, device: { platform: 'Linux' } }, { 'user-agent': 'curl' });
    await post({ ...credentials, device: { userAgent: 'App' } }, { 'user-agent': 'curl' });
    await post(credentials, { 'user-agent': 'x'.repeat(2_000) });
    const devices = [...sessions.live.values()].map((session) => session.device);
    expect(devices).toEqual([
      { platform: 'Linux', userAgent: 'curl' },
      { userAgent: 'App' },
      { userAgent: 'x'.repeat(512) },
    ]);
  });

  test.each([
    [[], '198.51.100.7', '127.0.0.1'],
    [['192.0.2.1'], '198.51.100.7', '127.0.0.1'],
    [['127.0.0.0/8'], '198.51.100.7', '198.51.100.7'],
    [['127.0.0.0/8'], '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    [['127.0.0.0/8', '198.51.100.7'], '203.0.113.9, 198.51.100.7', '203.0.113.9'],
    [['127.0.0.0/8'], 'x'.repeat(100), '127.0.0.1'],
    [['127.0.0.0/8'], '', '127.0.0.1'],
  ])('behind %j sees a client of %j as %s', async (trustedProxies, forwarded, ip) => {
    const { post, verifyFor, limits } = setUp({ trustedProxies });
    const { access_token } = (await post(credentials, { 'x-forwarded-for': forwarded })).json();
    expect((await verifyFor('bucket')(access_token)).session?.ip).toBe(ip);
    expect(limits.taken.map(({ network }) => network)).toEqual([ip]);
  });

  test('answers 401 with a challenge for wrong credentials, and counts why', async () => {
    const { post, registry } = setUp();
    const response = await post({ ...credentials, password: 'wrong' });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(response.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'the e-mail address or the password is wrong',
      code: 'credentials_invalid',
    });
    expect(await registry.render()).toContain('auth_failures_total{method="password",reason="wrong_password"} 1');
  });

  test('answers 403 naming the service that is not granted', async () => {
    const response = await setUp().post({ ...credentials, services: ['bucket', 'auth'] });
    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({ code: 'permission_missing', detail: expect.stringContaining('auth') });
  });

  test('answers 429 with Retry-After after too many attempts', async () => {
    const { post, registry } = setUp({ bursts: { accountFromNetwork: 1 } });
    await post({ ...credentials, password: 'wrong' });
    const response = await post(credentials);
    expect(response.statusCode).toBe(429);
    expect(response.headers['retry-after']).toBe('30');
    expect(response.json()).toMatchObject({ code: 'rate_limited' });
    expect(await registry.render()).toContain('auth_failures_total{method="password",reason="rate_limited"} 1');
  });

  test('answers 503 with Retry-After when something it needs is away', async () => {
    const login: Login = () =>
      Promise.reject(new AuthError('unavailable', 'the database does not answer', { retryAfter: 1 }));
    const { post, registry } = setUp({ login });
    const response = await post(credentials);
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(await registry.render()).toContain('auth_failures_total{method="password",reason="unavailable"} 1');
  });

  test('tells nothing of a defect', async () => {
    const { post } = setUp({ login: () => Promise.reject(new Error('select hunter2 from users')) });
    const response = await post(credentials);
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: 'internal', detail: 'the service failed' });
    expect(response.body).not.toContain('hunter2');
  });
});

describe('POST /v1/sessions/refresh', () => {
  test('answers as a log-in does, and counts it', async () => {
    const { app, post, registry } = setUp();
    const first = (await post(credentials)).json();
    const payload = { refresh_token: first.refresh_token, services: ['bucket'] };
    const response = await app.inject({ method: 'POST', url: '/v1/sessions/refresh', payload });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toMatchObject({ token_type: 'Bearer', expires_in: 900, session: first.session });
    const text = await registry.render();
    expect(text).toContain('auth_attempts_total{method="refresh",result="success"} 1');
    expect(text).toContain('tokens_issued_total{kind="access"} 2');
  });

  test('answers 401 to any other text, and says why only to the metrics', async () => {
    const { app, registry } = setUp();
    const payload = { refresh_token: 'hunter2' };
    const response = await app.inject({ method: 'POST', url: '/v1/sessions/refresh', payload });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
    expect(response.json()).toMatchObject({ code: 'session_expired', detail: 'the session is over: log in again' });
    expect(await registry.render()).toContain('auth_failures_total{method="refresh",reason="token_unknown"} 1');
  });
});

describe('the log', () => {
  test('holds no password, no token, no address and no path', async () => {
    const lines: string[] = [];
    const { login, refresh, metrics } = createFixture();
    const log = createLogger({ name: 'test', level: 'trace', destination: { write: (line) => void lines.push(line) } });
    const app = buildPublicApp({ log, login, refresh, jwks: () => jwks, metrics, trustedProxies: [] });
    const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/sessions', payload });
    const { access_token, refresh_token } = (await post(credentials)).json();
    await app.inject({ method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token } });
    await post({ ...credentials, password: 'hunter2' });
    await post({ ...credentials, password: ['hunter2'] });
    await app.inject({ url: '/hunter2?access_token=hunter2', headers: { authorization: 'Bearer hunter2' } });
    const text = lines.join('');
    expect(text).toContain('"route":"/v1/sessions"');
    for (const secret of ['hunter2', credentials.password, credentials.email, access_token, refresh_token]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('requests that do not fit', () => {
  test.each([
    [{ ...credentials, admin: true }, '/admin'],
    [{ ...credentials, device: { model: 'x' } }, '/device/model'],
    [{ password: 'x' }, '/email'],
    [{ ...credentials, email: 'not an address' }, '/email'],
    [{ ...credentials, email: 'a\u0000@example.org' }, '/email'],
    [{ ...credentials, email: `${'a'.repeat(250)}@example.org` }, '/email'],
    [{ ...credentials, password: 7 }, '/password'],
    [{ ...credentials, password: 'x'.repeat(1_025) }, '/password'],
    [{ ...credentials, services: 'bucket' }, '/services'],
    [{ ...credentials, services: [] }, '/services'],
    [{ ...credentials, services: ['bucket', 'bucket'] }, '/services'],
    [{ ...credentials, services: ['a b'] }, '/services/0'],
    [[], ''],
    ['null', ''],
  ])('are refused with the field (%#)', async (body, field) => {
    const response = await setUp().post(body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'request_invalid' });
    expect(response.json().errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('get an answer smaller than themselves, however much does not fit', async () => {
    const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 0]));
    const services = Array.from({ length: 1_000 }, () => ' ');
    for (const body of [fields, { ...credentials, device: fields }, { ...credentials, services }]) {
      const response = await setUp().post(body);
      expect(response.json()).toMatchObject({ code: 'request_invalid' });
      expect(response.body.length).toBeLessThan(3_000);
    }
  });

  test('never repeat a value', async () => {
    const response = await setUp().post({ email: 'hunter2', password: ['hunter2'], services: ['hunter2 '] });
    expect(response.statusCode).toBe(400);
    expect(response.body).not.toContain('hunter2');
  });

  test.each([
    ['{"email":', 'application/json', 400, 'request_malformed'],
    ['', 'application/json', 400, 'request_malformed'],
    ['{"__proto__":{"a":1}}', 'application/json', 400, 'request_malformed'],
    ['email=a', 'application/x-www-form-urlencoded', 415, 'media_type_unsupported'],
    ['hello', 'text/plain', 415, 'media_type_unsupported'],
    [JSON.stringify({ email: 'x'.repeat(20_000) }), 'application/json', 413, 'body_too_large'],
  ])('get a problem each (%#)', async (payload, type, status, code) => {
    const response = await setUp().post(payload, { 'content-type': type });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(response.json()).toMatchObject({ status, code });
  });

  test('get 404 on other paths, 405 with Allow for other methods, 400 for a broken path', async () => {
    const { app } = setUp();
    expect((await app.inject({ url: '/v1/users' })).json()).toMatchObject({ status: 404, code: 'not_found' });
    const other = await app.inject({ method: 'PUT', url: '/v1/sessions', payload: { a: 1 } });
    expect(other.statusCode).toBe(405);
    expect(other.headers['allow']).toBe('POST');
    expect(other.json()).toMatchObject({ code: 'method_not_allowed' });
    for (const method of ['TRACE', 'QUERY'] as const)
      expect((await app.inject({ method, url: '/v1/sessions' })).headers['allow']).toBe('POST');
    expect((await app.inject({ url: '/%zz' })).json()).toMatchObject({ status: 400, code: 'request_malformed' });
  });
});

describe('GET /.well-known/jwks.json', () => {
  test('publishes public keys that may be cached', async () => {
    const response = await setUp().app.inject({ url: '/.well-known/jwks.json' });
    expect(response.headers['cache-control']).toBe('public, max-age=60');
    expect(response.json()).toEqual(jwks);
    expect(response.body).not.toContain('"d"');
  });
});

test('every route is in the API document', async () => {
  expect(await undocumented(setUp().app)).toEqual([]);
});
