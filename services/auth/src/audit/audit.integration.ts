import { randomUUID } from 'node:crypto';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';

const CLIENT = {
  name: 'The Shop',
  authMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
  grants: [{ service: 'bucket', permissions: ['bucket:read'] }],
};

describe.each(databaseKinds(inject('postgresUrl')))('what administrators change is audited on $name', (kind) => {
  let database: Awaited<ReturnType<typeof kind.create>>;
  let service: Service;
  let token: string;
  let administrator: string;

  beforeAll(async () => {
    database = await kind.create();
    service = await startService({ redisUrl: inject('redisUrl'), databaseUrl: database.url });
    await untilReady(service);
    token = (await logIn(service, ADMIN_LOGIN)).json().access_token;
    [{ id: administrator }] = (await call('GET', '/v1/users')).json().items;
  });
  afterAll(async () => {
    await service.close();
    await database.remove();
  });

  const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: InjectOptions['payload']) =>
    service.adminApp.inject({
      method,
      url,
      headers: { authorization: `Bearer ${token}` },
      ...(payload !== undefined && { payload }),
    });
  const auditOf = async (target: string) =>
    (await call('GET', `/v1/audit?target=${encodeURIComponent(target)}`)).json().items;
  const entry = (action: string, target: string, changes: object) => ({
    id: expect.any(String),
    at: expect.any(String),
    actor: { subject: administrator, client: 'web', session: expect.any(String), requestId: expect.any(String) },
    action,
    target,
    changes,
  });

  test('a client, from its registration to its removal, and no secret of it', async () => {
    const id = `app-${randomUUID().slice(0, 8)}`;
    const created = await call('POST', '/v1/clients', { ...CLIENT, id });
    const { secret, id: _id, ...registered } = created.json();
    const changed = { ...registered, name: 'The New Shop' };
    expect((await call('PUT', `/v1/clients/${id}`, changed)).json().version).toBe(2);
    const second = (await call('POST', `/v1/clients/${id}/secrets`, { overlapSeconds: 60 })).json().secret;
    expect((await call('DELETE', `/v1/clients/${id}`)).statusCode).toBe(204);

    const entries = await auditOf(`client:${id}`);
    const { version: _version, ...fields } = registered;
    const told = (side: 'old' | 'new', values: object) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { [side]: value }]));
    expect(entries).toEqual([
      entry('client.deleted', `client:${id}`, told('old', { ...fields, name: 'The New Shop' })),
      entry('client.secret_added', `client:${id}`, { overlapSeconds: { new: 60 } }),
      entry('client.updated', `client:${id}`, { name: { old: 'The Shop', new: 'The New Shop' } }),
      entry('client.created', `client:${id}`, told('new', fields)),
    ]);
    for (const text of [secret, second]) expect(JSON.stringify(entries)).not.toContain(text);
  });

  test('a client that is refused, or replaced by the same, leaves nothing', async () => {
    const id = `app-${randomUUID().slice(0, 8)}`;
    const { secret: _secret, id: _id, ...registered } = (await call('POST', '/v1/clients', { ...CLIENT, id })).json();
    expect((await call('POST', '/v1/clients', { ...CLIENT, id })).statusCode).toBe(409);
    expect((await call('PUT', `/v1/clients/${id}`, { ...registered, version: 9 })).statusCode).toBe(412);
    expect((await call('PUT', `/v1/clients/${id}`, registered)).json()).toMatchObject({ version: 1 });
    expect(await auditOf(`client:${id}`)).toMatchObject([{ action: 'client.created' }]);
    expect((await call('DELETE', '/v1/clients/nobody')).statusCode).toBe(404);
    expect(await auditOf('client:nobody')).toEqual([]);
  });

  test('the wish for another key, once, and a key that is compromised', async () => {
    expect((await call('POST', '/v1/keys/rotate')).statusCode).toBe(202);
    const { keys } = (await call('POST', '/v1/keys/rotate')).json();
    const kidIn = (wanted: string) => keys.find(({ state }: { state: string }) => state === wanted).kid;
    const [active, next] = [`key:${kidIn('active')}`, `key:${kidIn('next')}`];
    expect(await auditOf(active)).toEqual([entry('key.rotation_requested', active, {})]);
    expect(await auditOf(next)).toEqual([]);
    expect((await call('POST', '/v1/keys/rotate', { compromised: kidIn('next') })).statusCode).toBe(202);
    expect(await auditOf(next)).toEqual([entry('key.compromised', next, {})]);
    expect((await call('POST', '/v1/keys/rotate', { compromised: 'x'.repeat(43) })).statusCode).toBe(404);
    expect(await auditOf(`key:${'x'.repeat(43)}`)).toEqual([]);
  });

  test.each([
    [{ jti: 'j-1' }, 'token:j-1'],
    [{ session: 's-1' }, 'session:s-1'],
    [{ user: 'system:serviceaccount:shop:bucket' }, 'user:system:serviceaccount:shop:bucket'],
    [{ device: 'd-1' }, 'device:d-1'],
    [{ client: 'c-1' }, 'client:c-1'],
    [{ key: 'k-1' }, 'key:k-1'],
  ])('the revocation of %o', async (body, target) => {
    expect((await call('POST', '/v1/revocations', body)).statusCode).toBe(200);
    expect(await auditOf(target)).toEqual([entry('tokens.revoked', target, {})]);
  });

  test('the revocation of one token by its jti alone, and of everything by its moment', async () => {
    const other = (await logIn(service, ADMIN_LOGIN)).json().access_token;
    const { jti } = JSON.parse(Buffer.from(other.split('.')[1], 'base64url').toString());
    expect((await call('POST', '/v1/revocations', { token: other })).statusCode).toBe(200);
    const entries = await auditOf(`token:${jti}`);
    expect(entries).toEqual([entry('tokens.revoked', `token:${jti}`, {})]);
    expect(JSON.stringify(entries)).not.toContain(other.split('.')[2]);

    expect((await call('POST', '/v1/revocations', { issuedBefore: 1_000 })).statusCode).toBe(200);
    expect(await auditOf('all:tokens')).toEqual([
      entry('tokens.revoked', 'all:tokens', { issuedBefore: { new: 1_000 } }),
    ]);
    const ahead = Math.floor(Date.now() / 1000) + 7_200;
    expect((await call('POST', '/v1/revocations', { issuedBefore: ahead })).statusCode).toBe(400);
    expect(await auditOf('all:tokens')).toHaveLength(1);
  });
});
