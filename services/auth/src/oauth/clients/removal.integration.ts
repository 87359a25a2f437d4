import { randomUUID } from 'node:crypto';
import { type Line, startLine } from '@sekisho/telemetry/testing';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Service } from '../../service.ts';
import {
  ADMIN_LOGIN,
  type DatabaseKind,
  databaseKinds,
  logIn,
  startService,
  untilReady,
} from '../../testing/real-service.ts';

const RESOURCE = 'https://auth.test/services/auth';
const PATIENCE = { timeout: 60_000, interval: 50 };

describe.each(databaseKinds(inject('postgresUrl')).slice(-1))(
  'on $name, what a client was issued',
  (kind: DatabaseKind) => {
    const prefix = `test-${randomUUID()}`;
    let database: Awaited<ReturnType<DatabaseKind['create']>>;
    let redis: Line;
    let service: Service;
    let admin: string;

    beforeEach(async () => {
      database = await kind.create();
      redis = await startLine(inject('redisUrl'));
      await start();
      admin = (await logIn(service, ADMIN_LOGIN)).json().access_token;
    });
    afterEach(async () => {
      await service.close();
      await redis.close();
      await database.remove();
    });

    async function start(): Promise<void> {
      service = await startService({ redisUrl: redis.url, databaseUrl: database.url, prefix });
      await untilReady(service);
    }

    const call = (method: 'GET' | 'POST' | 'DELETE', url: string, { token = admin, payload = {} } = {}) =>
      service.adminApp.inject({
        method,
        url,
        headers: { authorization: `Bearer ${token}` },
        ...(method === 'POST' && { payload }),
      });

    /** A client that may read users, and a token of its. */
    async function clientWithToken() {
      const created = await call('POST', '/v1/clients', {
        payload: {
          name: 'The Shop',
          authMethod: 'client_secret_post',
          grantTypes: ['client_credentials'],
          grants: [{ service: 'auth', permissions: ['users:read'] }],
        },
      });
      const { id, secret } = created.json();
      const fields = { grant_type: 'client_credentials', client_id: id, client_secret: secret, resource: RESOURCE };
      const issued = await service.publicApp.inject({
        method: 'POST',
        url: '/oauth/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams(fields).toString(),
      });
      const token: string = issued.json().access_token;
      expect((await call('GET', '/v1/users', { token })).statusCode).toBe(200);
      return { id, token };
    }

    const refusalOf = (token: string) => async () => (await call('GET', '/v1/users', { token })).json().code;

    test('is refused once the client is removed', async () => {
      const { id, token } = await clientWithToken();
      const other = await clientWithToken();
      expect((await call('DELETE', `/v1/clients/${id}`)).statusCode).toBe(204);
      await expect.poll(refusalOf(token), PATIENCE).toBe('token_revoked');
      expect((await call('GET', '/v1/users', { token: other.token })).statusCode).toBe(200);
    });

    test('is refused as soon as Redis is back, when the client was removed without it', async () => {
      const { id, token } = await clientWithToken();
      await redis.cut();
      const removed = await call('DELETE', `/v1/clients/${id}`);
      expect([removed.statusCode, removed.json().detail]).toEqual([202, expect.stringContaining('as soon as')]);
      await redis.mend();
      await expect.poll(refusalOf(token), PATIENCE).toBe('token_revoked');
    });

    test('is refused by the next process, when this one stops before Redis is back', async () => {
      const { id, token } = await clientWithToken();
      await redis.cut();
      expect((await call('DELETE', `/v1/clients/${id}`)).statusCode).toBe(202);
      await service.close();
      await redis.mend();
      await start();
      await expect.poll(refusalOf(token), PATIENCE).toBe('token_revoked');
    });

    test('is refused as soon as Redis is back, when it was revoked by name without it', async () => {
      const { id, token } = await clientWithToken();
      await redis.cut();
      const revoked = await call('POST', '/v1/revocations', { payload: { client: id } });
      expect([revoked.statusCode, revoked.json().revoked]).toEqual([202, 'client']);
      await redis.mend();
      await expect.poll(refusalOf(token), PATIENCE).toBe('token_revoked');
    });
  },
);
