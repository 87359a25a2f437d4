import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { createAdminFixture } from '../testing/admin-fixture.ts';
import { ALICE_ID, alice } from '../testing/fixture.ts';
import { undocumented } from '../testing/undocumented.ts';

const setUp = createAdminFixture;

const newUser = {
  email: 'Bob@Example.org',
  password: 'correct horse',
  grants: [{ service: 'bucket', permissions: ['a'] }],
};
const post = (payload: object): InjectOptions => ({ method: 'POST', url: '/v1/users', payload });

describe('users', () => {
  test('are created with a hashed password and a normalised address', async () => {
    const { call, accounts } = setUp();
    const response = await call(post(newUser));
    expect(response.statusCode).toBe(201);
    const { id, ...user } = response.json();
    expect(response.headers['location']).toBe(`/v1/users/${id}`);
    const defaults = { active: true, roles: [], permissions: [], version: 1 };
    expect(user).toEqual({ ...defaults, email: 'bob@example.org', grants: newUser.grants });
    expect(response.body).not.toContain('horse');
    expect(await accounts.findCredentials('bob@example.org')).toMatchObject({ passwordHash: 'hash:correct horse' });
  });

  test('have an address of their own', async () => {
    const response = await setUp().call(post({ ...newUser, email: 'ALICE@example.org' }));
    expect(response.json()).toMatchObject({ status: 409, code: 'email_taken' });
  });

  test('are granted each service once', async () => {
    const grants = [...newUser.grants, ...newUser.grants];
    expect((await setUp().call(post({ ...newUser, grants }))).json()).toMatchObject({ code: 'grants_ambiguous' });
  });

  test.each([
    [{ ...newUser, password: 'short' }, '/password'],
    [{ ...newUser, roles: ['a,b'] }, '/roles/0'],
    [{ ...newUser, roles: ['a b'] }, '/roles/0'],
    [{ ...newUser, permissions: ['a\n'] }, '/permissions/0'],
    [{ ...newUser, grants: [{ service: 'bucket' }] }, '/grants/0/permissions'],
    [{ ...newUser, grants: [{ service: 'bucket', permissions: [], expires: 'never' }] }, '/grants/0/expires'],
    [{ ...newUser, isAdmin: true }, '/isAdmin'],
  ])('that do not fit are refused with the field (%#)', async (body, field) => {
    const response = await setUp().call(post(body));
    expect(response.statusCode).toBe(400);
    expect(response.json().errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('have an address that fits once it is normalised', async () => {
    const { call, login } = setUp();
    const email = `${'\u0130'.repeat(200)}@example.org`; // each becomes two characters in lower case
    const response = await call(post({ ...newUser, email }));
    expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid', errors: [{ field: '/email' }] });
    const refused = login({ email, password: newUser.password, device: {}, ip: '192.0.2.1' });
    await expect(refused).rejects.toMatchObject({ code: 'credentials_invalid', reason: 'unknown_user' });
  });

  test.each(['e\u0301'.repeat(7), '\u0958'.repeat(600)])(
    'have a password that fits once it is normalised (%#)',
    async (password) => {
      const response = await setUp().call(post({ ...newUser, password }));
      expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid', errors: [{ field: '/password' }] });
    },
  );

  test('are read without their password', async () => {
    const response = await setUp().call({ url: `/v1/users/${ALICE_ID}` });
    expect(response.statusCode).toBe(200);
    const { passwordHash: _, ...visible } = alice;
    expect(response.json()).toEqual({ ...visible, version: 1 });
  });

  test('are kept by no cache', async () => {
    const { call } = setUp();
    for (const request of [post(newUser), { url: `/v1/users/${ALICE_ID}` }]) {
      expect((await call(request)).headers['cache-control']).toBe('no-store');
    }
  });

  test('have their grants replaced as a whole', async () => {
    const { call } = setUp();
    const grants = [{ service: 'auth', permissions: ['users:read'], expires: 2_000_000_000 }];
    const url = `/v1/users/${ALICE_ID}/grants`;
    const response = await call({ method: 'PUT', url, headers: { 'if-match': '"1"' }, payload: { grants } });
    expect(response.json()).toMatchObject({ id: ALICE_ID, grants, version: 2 });
    expect(response.headers['etag']).toBe('"2"');
  });

  test('are refused, with the sizes, when their token would be too long', async () => {
    const { call } = setUp();
    const grants = [{ service: 'bucket', permissions: Array.from({ length: 40 }, (_, n) => `${'p'.repeat(60)}${n}`) }];
    const problem = { status: 422, code: 'claims_too_large', detail: expect.stringMatching(/grants \d{4}$/) };
    const created = await call(post({ ...newUser, grants }));
    expect(created.json()).toMatchObject(problem);
    const url = `/v1/users/${ALICE_ID}`;
    const headers = { 'if-match': '"1"' };
    expect((await call({ method: 'PUT', url: `${url}/grants`, headers, payload: { grants } })).json()).toMatchObject(
      problem,
    );
    expect((await call({ url })).json()).toMatchObject({ grants: alice.grants, version: 1 });
  });

  test('that do not exist are 404, an id that is none 400', async () => {
    const { call } = setUp();
    const unknown = { url: `/v1/users/${randomUUID()}` };
    expect((await call(unknown)).json()).toMatchObject({ status: 404, code: 'user_unknown' });
    const headers = { 'if-match': '"1"' };
    const replaced = await call({ method: 'PUT', url: `${unknown.url}/grants`, headers, payload: { grants: [] } });
    expect(replaced.json()).toMatchObject({ status: 404, code: 'user_unknown' });
    expect((await call({ url: '/v1/users/1' })).json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });
});

describe('authorization', () => {
  test('asks for a token before it reads anything', async () => {
    const { app, registry } = setUp();
    const response = await app.inject(post({ nonsense: true }));
    expect(response.json()).toMatchObject({ status: 401, code: 'token_missing' });
    expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
    expect(await registry.render()).toContain('token_failures_total{reason="token_missing"} 1');
  });

  test('refuses a bad token with a challenge that says so', async () => {
    const { call, registry } = setUp();
    const response = await call(post(newUser), 'a.b.c');
    expect(response.json()).toMatchObject({ status: 401, code: 'token_malformed' });
    expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho", error="invalid_token"');
    expect(await registry.render()).toContain('token_validations_total{result="failure"} 1');
  });

  test('refuses a token that is over or meant for others', async () => {
    const { call, token, time } = setUp();
    const foreign = await token(['users:read'], { audience: ['bucket'] });
    expect((await call(post(newUser), foreign)).json()).toMatchObject({ status: 401, code: 'audience_mismatch' });
    const old = await token(['users:write']);
    time.now = new Date(time.now.getTime() + 961_000);
    expect((await call(post(newUser), old)).json()).toMatchObject({ status: 401, code: 'token_expired' });
  });

  test('needs users:write to change and users:read to read', async () => {
    const { call, token } = setUp();
    const reader = await token(['users:read']);
    const writer = await token(['users:write']);
    const read = { url: `/v1/users/${ALICE_ID}` };
    const grant: InjectOptions = { method: 'PUT', url: `${read.url}/grants`, payload: { grants: [] } };
    expect((await call(read, reader)).statusCode).toBe(200);
    for (const [request, bearer] of [
      [post(newUser), reader],
      [grant, reader],
      [read, writer],
    ] as const) {
      expect((await call(request, bearer)).json()).toMatchObject({ status: 403, code: 'permission_missing' });
    }
  });

  test('does not count a grant at another service, or one that is over', async () => {
    const { call, token, time } = setUp();
    const permissions = ['users:read', 'users:write'];
    const elsewhere = await token([], { services: { bucket: { permissions } } });
    const expires = Math.floor(time.now.getTime() / 1000);
    const over = await token([], { services: { auth: { permissions, expires } } });
    for (const bearer of [elsewhere, over]) expect((await call(post(newUser), bearer)).statusCode).toBe(403);
  });
});

describe('health and metrics', () => {
  test('need no token', async () => {
    const { app } = setUp({ checks: { database: async () => undefined } });
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
    expect((await app.inject({ url: '/readyz' })).json()).toEqual({ status: 'ready', failing: [] });
    const metrics = await app.inject({ url: '/metrics' });
    expect(metrics.headers['content-type']).toContain('text/plain');
    expect(metrics.body).toContain('auth_attempts_total');
  });

  test('name what fails, and not why', async () => {
    const { app } = setUp({
      checks: { database: async () => undefined, redis: () => Promise.reject(new Error('hunter2')) },
    });
    const response = await app.inject({ url: '/readyz' });
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ status: 'unavailable', failing: ['redis'] });
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
  });
});

test('every route is in the API document', async () => {
  expect(await undocumented(setUp().app)).toEqual([]);
});
