import { randomBytes } from 'node:crypto';
import { createVerifier } from '@sekisho/tokens';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from './service.ts';
import { ADMIN, ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from './testing/real-service.ts';

const redisUrl = inject('redisUrl');

describe.each(databaseKinds(inject('postgresUrl')))('the service on $name', (kind) => {
  let service: Service;
  let database: Awaited<ReturnType<typeof kind.create>>;

  beforeAll(async () => {
    database = await kind.create();
    service = await startService({ redisUrl, databaseUrl: database.url });
    await untilReady(service);
  });
  afterAll(async () => {
    await service.close();
    await database.remove();
  });

  async function adminCall(
    method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT',
    url: string,
    payload?: object,
    more: Record<string, string> = {},
  ) {
    const token = (await logIn(service, ADMIN_LOGIN)).json().access_token;
    const headers = { authorization: `Bearer ${token}`, ...more };
    return service.adminApp.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  }

  test('lets the first administrator make a user, who logs in with what was granted', async () => {
    const grants = [
      { service: 'bucket', permissions: ['bucket:read', '"quoted"', '{braces}', 'back\\slash'] },
      { service: 'user', permissions: [], expires: 2_000_000_000 },
    ];
    const user = {
      email: 'Alice@Example.org',
      password: 'correct horse',
      roles: ['member'],
      permissions: ['a:b'],
      grants,
    };
    const created = await adminCall('POST', '/v1/users', user);
    expect(created.statusCode).toBe(201);
    const read = await adminCall('GET', `/v1/users/${created.json().id}`);
    expect(read.json()).toEqual(created.json());

    const session = await logIn(service, {
      email: 'alice@example.ORG',
      password: 'correct horse',
      services: ['bucket'],
    });
    expect(session.statusCode).toBe(201);
    const jwks = (await service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
    const verify = createVerifier({
      issuer: 'https://auth.test',
      audience: 'bucket',
      jwks: () => jwks,
      clock: () => new Date(),
    });
    const claims = await verify(session.json().access_token);
    expect(claims).toMatchObject({ sub: created.json().id, aud: ['bucket'], user: { roleList: 'member' } });
    expect(claims.services).toEqual({ bucket: { permissions: grants[0]?.permissions } });
  });

  test('keeps one user for one address, also when many try at once', async () => {
    const user = { email: 'once@example.org', password: 'correct horse' };
    const attempts = await Promise.all(
      ['once', 'Once', 'ONCE'].map((name) => adminCall('POST', '/v1/users', { ...user, email: `${name}@example.org` })),
    );
    expect(attempts.map((response) => response.statusCode).sort()).toEqual([201, 409, 409]);
  });

  test('takes a grant away: the next token does not carry it', async () => {
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const user = { email: 'bob@example.org', password: 'correct horse', grants };
    const { id } = (await adminCall('POST', '/v1/users', user)).json();
    const removed = await adminCall('DELETE', `/v1/users/${id}/grants/bucket`);
    expect(removed.json()).toMatchObject({ grants: [], version: 2 });
    const refused = await logIn(service, { email: user.email, password: user.password });
    expect(refused.json()).toMatchObject({ status: 403, code: 'permission_missing' });
  });

  test('lets a user change the password, which ends the other sessions and refuses their tokens', async () => {
    const user = { email: 'carol@example.org', password: 'correct horse' };
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    await adminCall('POST', '/v1/users', { ...user, grants });
    const [here, there] = [(await logIn(service, user)).json(), (await logIn(service, user)).json()];
    const as = (token: string, options: InjectOptions) =>
      service.publicApp.inject({ ...options, headers: { authorization: `Bearer ${token}` } });
    const change = (current: string) =>
      as(here.access_token, {
        method: 'PUT',
        url: '/v1/users/me/password',
        payload: { current, password: 'battery staple' },
      });
    expect((await change('wrong horse')).json()).toMatchObject({ status: 401, code: 'credentials_invalid' });
    expect((await change(user.password)).statusCode).toBe(204);
    const sessions = { url: '/v1/sessions' };
    expect((await as(here.access_token, sessions)).json().sessions).toHaveLength(1);
    await expect.poll(async () => (await as(there.access_token, sessions)).statusCode, { timeout: 30_000 }).toBe(401);
    expect((await logIn(service, user)).json()).toMatchObject({ code: 'credentials_invalid' });
    expect((await logIn(service, { ...user, password: 'battery staple' })).statusCode).toBe(201);
  });

  test('lets an administrator take away and give in one breath', async () => {
    const user = { email: 'erin@example.org', password: 'correct horse' };
    const { id } = (await adminCall('POST', '/v1/users', user)).json();
    const grant = `/v1/users/${id}/grants/bucket`;
    for (let round = 0; round < 3; round += 1) {
      expect((await adminCall('PUT', grant, { permissions: [`p${round}`] })).statusCode).toBe(200);
    }
    expect((await adminCall('DELETE', grant)).statusCode).toBe(200);
    expect((await adminCall('PUT', grant, { permissions: ['again'] })).statusCode).toBe(200);
  });

  test('logs out a user who is made inactive, everywhere', async () => {
    const user = { email: 'dave@example.org', password: 'correct horse' };
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const { id } = (await adminCall('POST', '/v1/users', { ...user, grants })).json();
    const { access_token: token, refresh_token } = (await logIn(service, user)).json();
    const deactivated = await adminCall('PATCH', `/v1/users/${id}`, { active: false }, { 'if-match': '"1"' });
    expect(deactivated.statusCode).toBe(200);
    const own = { url: '/v1/sessions', headers: { authorization: `Bearer ${token}` } };
    await expect.poll(async () => (await service.publicApp.inject(own)).statusCode, { timeout: 30_000 }).toBe(401);
    const refresh = { method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token } } as const;
    expect((await service.publicApp.inject(refresh)).statusCode).toBe(401);
    expect((await logIn(service, user)).json()).toMatchObject({ code: 'credentials_invalid' });
  });

  test('answers SQL and control characters in an address like any other text', async () => {
    const injected = await logIn(service, { email: "a'--@example.org", password: "' or 1=1 --" });
    expect(injected.json()).toMatchObject({ status: 401, code: 'credentials_invalid' });
  });

  test('signs with the same key after a restart, and keeps a password that was set', async () => {
    const before = (await service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
    await service.close();
    const firstAdministrator = { ...ADMIN, password: 'another password' };
    service = await startService({ redisUrl, databaseUrl: database.url, firstAdministrator });
    await untilReady(service);
    expect((await service.publicApp.inject({ url: '/.well-known/jwks.json' })).json()).toEqual(before);
    expect((await logIn(service, firstAdministrator)).statusCode).toBe(401);
    expect((await logIn(service, ADMIN_LOGIN)).statusCode).toBe(201);
  });

  test('does not start with another encryption key, and leaves the database free for the right one', async () => {
    await service.close();
    const wrong = startService({
      redisUrl,
      databaseUrl: database.url,
      encryptionKeys: { current: randomBytes(32), previous: [] },
    });
    await expect(wrong).rejects.toMatchObject({ code: 'key_unreadable' });
    service = await startService({ redisUrl, databaseUrl: database.url });
    await untilReady(service);
  });
});

describe.runIf(inject('postgresUrl') !== '')('replicas that start at the same time on an empty PostgreSQL', () => {
  test('migrate once, and agree on one key and one administrator', async () => {
    const kind = databaseKinds(inject('postgresUrl')).at(-1);
    const database = await kind?.create();
    const databaseUrl = database?.url ?? '';
    const replicas = await Promise.all(Array.from({ length: 4 }, () => startService({ redisUrl, databaseUrl })));
    const keySets = await Promise.all(
      replicas.map(async ({ publicApp }) => (await publicApp.inject({ url: '/.well-known/jwks.json' })).body),
    );
    expect(new Set(keySets).size).toBe(1);
    for (const replica of replicas) {
      await untilReady(replica);
      expect((await logIn(replica, ADMIN_LOGIN)).statusCode).toBe(201);
      await replica.close();
    }
    await database?.remove();
  });
});
