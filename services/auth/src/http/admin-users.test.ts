import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { createAdminFixture, READ_AND_WRITE } from '../testing/admin-fixture.ts';
import { ADMIN_ID, ALICE_ID, alice } from '../testing/fixture.ts';

const url = `/v1/users/${ALICE_ID}`;
const patch = (payload: object, ifMatch?: string): InjectOptions => ({
  method: 'PATCH',
  url,
  payload,
  headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
});

function setUp() {
  const fixture = createAdminFixture();
  return { ...fixture, audited: () => fixture.accounts.audited.at(-1) };
}

describe('GET /v1/users', () => {
  async function withUsers() {
    const fixture = setUp();
    for (const [name, roles] of [
      ['bob', ['member']],
      ['bea', ['admin']],
      ['carol', []],
    ] as const) {
      const payload = {
        email: `${name}@example.org`,
        password: 'correct horse',
        roles,
        grants: [{ service: name, permissions: [] }],
      };
      expect((await fixture.call({ method: 'POST', url: '/v1/users', payload })).statusCode).toBe(201);
    }
    const emails = async (query: string) => {
      const { items } = (await fixture.call({ url: `/v1/users?${query}` })).json();
      return items.map(({ email }: { email: string }) => email.split('@')[0]).sort();
    };
    return { ...fixture, emails };
  }

  test.each([
    ['', ['alice', 'bea', 'bob', 'carol']],
    ['email=B', ['bea', 'bob']],
    ['role=member', ['alice', 'bob']],
    ['service=carol', ['carol']],
    ['active=false', []],
    ['email=b&role=admin&active=true', ['bea']],
  ])('with %j lists %j', async (query, names) => {
    expect(await (await withUsers()).emails(query)).toEqual(names);
  });

  test('leads through all of them, page by page, each once', async () => {
    const { call } = await withUsers();
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await call({ url: `/v1/users?limit=3${cursor && `&cursor=${cursor}`}` })).json();
      seen.push(...page.items.map(({ id }: { id: string }) => id));
      cursor = page.next ?? '';
    } while (cursor !== '');
    expect(seen).toHaveLength(4);
    expect(seen).toEqual([...new Set(seen)].sort());
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'cursor=1',
    'active=maybe',
    'role=a,b',
    'service=%27',
    'order=email',
    'email=',
  ])('refuses %j', async (query) => {
    const response = await setUp().call({ url: `/v1/users?${query}` });
    expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });
});

describe('PATCH /v1/users/{id}', () => {
  test('changes what it names, and tells the next version', async () => {
    const { call, audited } = setUp();
    const response = await call(patch({ roles: ['member', 'editor'] }, '"1"'));
    expect(response.statusCode).toBe(200);
    expect(response.headers['etag']).toBe('"2"');
    expect(response.json()).toMatchObject({ email: alice.email, roles: ['member', 'editor'], version: 2 });
    expect(audited()).toMatchObject({
      actor: { subject: ADMIN_ID, requestId: expect.any(String) },
      action: 'user.updated',
      target: `user:${ALICE_ID}`,
      changes: { roles: { old: ['member'], new: ['member', 'editor'] } },
    });
  });

  test('needs the version that it was decided on', async () => {
    const { call } = setUp();
    const etag = (await call({ url })).headers['etag'];
    expect(etag).toBe('"1"');
    expect((await call(patch({ active: false }))).json()).toMatchObject({ status: 428, code: 'version_required' });
    for (const other of ['"2"', '*', 'W/"1"', '1', '"1", "2"', '']) {
      expect((await call(patch({ active: false }, other))).json()).toMatchObject({
        status: 412,
        code: 'version_conflict',
      });
    }
    expect((await call(patch({ active: false }, String(etag)))).statusCode).toBe(200);
    expect((await call(patch({ active: true }, String(etag)))).statusCode).toBe(412);
  });

  test('changes, logs and revokes nothing when nothing differs', async () => {
    const { call, accounts, owed } = setUp();
    expect((await call(patch({ roles: alice.roles }, '"1"'))).json()).toMatchObject({ version: 1 });
    expect(accounts.audited).toEqual([]);
    expect(owed).toEqual([]);
  });

  test.each([
    [{ active: false }, 'sessions'],
    [{ roles: [] }, 'tokens'],
    [{ permissions: ['other'] }, 'tokens'],
    [{ email: 'alice2@example.org' }, 'tokens'],
  ])('with %j ends %s', async (body, scope) => {
    const { call, owed } = setUp();
    expect((await call(patch(body, '"1"'))).statusCode).toBe(200);
    expect(owed).toMatchObject([{ userId: ALICE_ID, scope }]);
  });

  test('is accepted, not done, while what was issued cannot be revoked', async () => {
    const { call, redis, accounts } = setUp();
    redis.isAway = true;
    const response = await call(patch({ active: false }, '"1"'));
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ active: false, version: 2 });
    expect((await accounts.find(ALICE_ID))?.active).toBe(false);
    expect((await call({ method: 'DELETE', url })).statusCode).toBe(202);
  });

  test.each([
    {},
    { version: 7 },
    { id: ADMIN_ID },
    { passwordHash: 'x' },
    { grants: [] },
    { active: 'true' },
    { roles: null },
  ])('refuses %j', async (body) => {
    expect((await setUp().call(patch(body, '"1"'))).json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });

  test('refuses an address of another, or one that cannot be told from another', async () => {
    const { call } = setUp();
    await call({ method: 'POST', url: '/v1/users', payload: { email: 'bob@example.org', password: 'correct horse' } });
    expect((await call(patch({ email: 'BOB@example.org' }, '"1"'))).json()).toMatchObject({
      status: 409,
      code: 'email_taken',
    });
    const confusing = await call(patch({ email: 'b\u043eb@example.org' }, '"1"'));
    expect(confusing.json()).toMatchObject({ status: 400, errors: [{ field: '/email' }] });
  });
});

describe('PUT /v1/users/{id}/password', () => {
  test('sets it, ends every session, and logs no hash', async () => {
    const { call, login, owed, audited } = setUp();
    const response = await call({ method: 'PUT', url: `${url}/password`, payload: { password: 'battery staple' } });
    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    expect(owed).toMatchObject([{ userId: ALICE_ID, scope: 'sessions' }]);
    expect(audited()).toMatchObject({ action: 'password.reset', changes: {} });
    await login({ email: alice.email, password: 'battery staple', device: {}, ip: '192.0.2.1' });
  });

  test('refuses what a guesser tries first', async () => {
    const { call } = setUp();
    for (const password of ['password1', 'P@ssw0rd!', '12345678', 'alice2024']) {
      const response = await call({ method: 'PUT', url: `${url}/password`, payload: { password } });
      expect(response.json()).toMatchObject({ status: 422, code: 'password_weak', errors: [{ field: '/password' }] });
    }
  });
});

describe('DELETE /v1/users/{id}', () => {
  test('removes the user and what was issued', async () => {
    const { call, accounts, owed } = setUp();
    expect((await call({ method: 'DELETE', url })).statusCode).toBe(204);
    expect(await accounts.find(ALICE_ID)).toBeUndefined();
    expect(owed).toMatchObject([{ userId: ALICE_ID, scope: 'sessions' }]);
    expect((await call({ method: 'DELETE', url })).json()).toMatchObject({ status: 404, code: 'user_unknown' });
  });
});

test('an unknown user is 404 for every change', async () => {
  const { call } = setUp();
  const unknown = `/v1/users/${randomUUID()}`;
  for (const attempt of [
    { ...patch({ active: false }, '"1"'), url: unknown },
    { method: 'PUT', url: `${unknown}/password`, payload: { password: 'battery staple' } },
    { method: 'PUT', url: `${unknown}/grants/bucket`, payload: { permissions: [] } },
    { method: 'DELETE', url: unknown },
  ] as const) {
    expect((await call(attempt)).json()).toMatchObject({ status: 404, code: 'user_unknown' });
  }
});

test('administrators see where a user is logged in', async () => {
  const { call, login } = createAdminFixture();
  await login({ email: alice.email, password: 'correct horse', device: { platform: 'Linux' }, ip: '192.0.2.1' });
  const { sessions } = (await call({ url: `${url}/sessions` })).json();
  expect(sessions).toMatchObject([
    { device: { platform: 'Linux' }, ip: '192.0.2.1', createdAt: '2026-01-02T03:04:05.000Z' },
  ]);
  expect((await call({ url: `/v1/users/${randomUUID()}/sessions` })).json()).toMatchObject({ code: 'user_unknown' });
});

test.each([
  { roles: Array.from({ length: 1_000 }, (_, index) => `r${index}`) },
  { permissions: Array.from({ length: 129 }, (_, index) => `p${index}`) },
  { roles: 'x'.repeat(15_000) },
])('a huge change is refused with a small answer (%#)', async (body) => {
  const response = await createAdminFixture().call(patch(body, '"1"'));
  expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid' });
  expect(response.body.length).toBeLessThan(3_000);
});

test('deep nesting is refused like any other wrong type', async () => {
  const { app, token } = createAdminFixture();
  const headers = {
    authorization: `Bearer ${await token(READ_AND_WRITE)}`,
    'if-match': '"1"',
    'content-type': 'application/json',
  };
  const payload = `{"roles":${'['.repeat(7_000)}${']'.repeat(7_000)}}`;
  const response = await app.inject({ method: 'PATCH', url, headers, payload });
  expect(response.json()).toMatchObject({ status: 400, code: 'request_invalid' });
});
