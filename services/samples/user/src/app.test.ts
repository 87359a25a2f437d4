import { peerHeaders, tokenHeaders } from '@sekisho/identity/testing';
import { createLogger } from '@sekisho/telemetry';
import type { FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { openNames } from './names.ts';

const tokenOf = (...permissions: string[]) =>
  tokenHeaders({
    aud: ['user'],
    user: { id: 'abcdefgh-1', email: 'mia@example.org', roles: ['member'] },
    services: { user: { permissions } },
  });
const peer = (serviceAccount: string) =>
  peerHeaders({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });

let app: FastifyInstance;

beforeEach(async () => {
  const log = createLogger({ name: 'user', level: 'silent' });
  app = await buildApp({ names: openNames(':memory:'), log, clock: () => new Date() });
});

const rename = (headers: Record<string, string>, payload: object) =>
  app.inject({ method: 'PUT', url: '/api/users/profile', headers, payload });

describe('a profile', () => {
  test('is the user’s own, with a name made from the id until one is chosen', async () => {
    const profile = { id: 'abcdefgh-1', email: 'mia@example.org', roles: ['member'] };
    const read = () => app.inject({ url: '/api/users/profile', headers: tokenOf('user:read') });
    expect((await read()).json()).toEqual({ ...profile, name: 'user-abcdefgh' });
    expect((await rename(tokenOf('user:write'), { name: '美亜' })).json()).toEqual({ ...profile, name: '美亜' });
    expect((await read()).json()).toEqual({ ...profile, name: '美亜' });
  });

  test('is not read or changed without its permission', async () => {
    expect((await app.inject('/api/users/profile')).json()).toMatchObject({ status: 401, code: 'token_missing' });
    const readOnly = await rename(tokenOf('user:read'), { name: 'Mia' });
    expect(readOnly.json()).toMatchObject({ status: 403, code: 'permission_missing' });
  });

  test('is not opened by the identity of a workload', async () => {
    const response = await app.inject({ url: '/api/users/profile', headers: peer('bucket') });
    expect(response.statusCode).toBe(401);
  });

  test.each([{ name: ' ' }, { name: 'a'.repeat(81) }, { name: 'a', roles: ['admin'] }])(
    'is not changed to %j',
    async (payload) => {
      expect((await rename(tokenOf('user:write'), payload)).json()).toMatchObject({
        status: 400,
        code: 'request_invalid',
      });
    },
  );
});

describe('a name', () => {
  const url = '/api/users/abcdefgh-1/name';

  test('is told to the bucket service, which needs no token', async () => {
    await rename(tokenOf('user:write'), { name: 'Mia' });
    const response = await app.inject({ url, headers: peer('bucket') });
    expect(response.json()).toEqual({ id: 'abcdefgh-1', name: 'Mia' });
  });

  test('is not told to another workload, nor to a user with every permission', async () => {
    for (const headers of [{}, peer('user'), tokenOf('user:read', 'user:write')]) {
      expect((await app.inject({ url, headers })).json()).toMatchObject({ status: 403, code: 'caller_not_allowed' });
    }
  });
});

test('health is for everyone', async () => {
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
});
