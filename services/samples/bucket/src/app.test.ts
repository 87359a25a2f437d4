import { type Caller, tokenCaller } from '@sekisho/identity';
import { tokenHeaders } from '@sekisho/identity/testing';
import { createLogger } from '@sekisho/telemetry';
import type { FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { BucketError } from './errors.ts';
import { type Items, openItems } from './items.ts';
import type { NotificationService } from './notification-service.ts';
import type { UserService } from './user-service.ts';

const grants = (...permissions: string[]) => ({ bucket: { permissions } });
const tokenOf = (id: string, services = grants('bucket:read', 'bucket:write', 'bucket:delete')) =>
  tokenHeaders({ sub: id, aud: ['bucket'], user: { id, roles: ['member'] }, services });
const mia = tokenOf('mia');

let app: FastifyInstance;
let items: Items;
let asked: Caller[];
let notified: string[];
let users: { nameOf: UserService['nameOf'] };
let notifications: { notify: NotificationService['notify'] };

beforeEach(async () => {
  asked = [];
  notified = [];
  users = {
    nameOf: async (caller) => {
      asked.push(caller);
      return `name of ${tokenCaller(caller).id}`;
    },
  };
  notifications = {
    notify: async (caller, text) => {
      notified.push(`${tokenCaller(caller).id}: ${text}`);
    },
  };
  await build();
});

async function build() {
  let ids = 0;
  items = openItems(':memory:');
  const log = createLogger({ name: 'bucket', level: 'silent' });
  const clock = () => new Date('2026-01-01T00:00:00Z');
  app = await buildApp({ items, users, notifications, log, clock, newId: () => `item-${++ids}` });
}

const add = (headers: Record<string, string>, payload: object) =>
  app.inject({ method: 'POST', url: '/api/bucket-items', headers, payload });

describe('an item', () => {
  test('is added with the name of its owner, listed, found and removed', async () => {
    const created = await add(mia, { title: 'see the aurora' });
    const item = {
      id: 'item-1',
      title: 'see the aurora',
      ownerName: 'name of mia',
      createdAt: '2026-01-01T00:00:00.000Z',
      done: false,
    };
    expect(created.statusCode).toBe(201);
    expect(created.headers.location).toBe('/api/bucket-items/item-1');
    expect(created.json()).toEqual(item);
    const url = '/api/bucket-items/item-1';
    expect((await app.inject({ url: '/api/bucket-items', headers: mia })).json()).toEqual({ items: [item] });
    expect((await app.inject({ url, headers: mia })).json()).toEqual(item);
    const change = { method: 'PATCH', url, headers: mia } as const;
    expect((await app.inject({ ...change, payload: { done: true } })).json()).toEqual({ ...item, done: true });
    expect((await app.inject({ ...change, payload: { done: 'yes' } })).statusCode).toBe(400);
    expect((await app.inject({ url, headers: mia })).json()).toEqual({ ...item, done: true });
    expect((await app.inject({ method: 'DELETE', url, headers: mia })).statusCode).toBe(204);
    expect((await app.inject({ url, headers: mia })).json()).toMatchObject({ status: 404, code: 'item_unknown' });
  });

  test('of another owner is not there', async () => {
    await add(mia, { title: 'see the aurora' });
    const ben = tokenOf('ben');
    for (const method of ['GET', 'DELETE', 'PATCH'] as const) {
      const payload = method === 'PATCH' ? { payload: { done: true } } : {};
      const response = await app.inject({ method, url: '/api/bucket-items/item-1', headers: ben, ...payload });
      expect(response.statusCode).toBe(404);
    }
    expect((await app.inject({ url: '/api/bucket-items', headers: ben })).json()).toEqual({ items: [] });
  });

  test('is asked and told about in the name of its owner', async () => {
    await add(mia, { title: 'see the aurora' });
    expect(asked).toEqual([expect.objectContaining({ kind: 'user', id: 'mia' })]);
    expect(notified).toEqual(['mia: You added: see the aurora']);
  });

  test('is added also when its owner cannot be notified', async () => {
    notifications.notify = async () => {
      throw new BucketError('notification_failed', 'The notification was not left.');
    };
    expect((await add(mia, { title: 'see the aurora' })).statusCode).toBe(201);
    expect(items.list('mia')).toHaveLength(1);
  });

  test.each([
    {},
    { title: '' },
    { title: '   ' },
    { title: 7 },
    { title: 'a', owner: 'ben' },
    { title: 'a'.repeat(201) },
  ])('is refused as %j', async (payload) => {
    const response = await add(mia, payload);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json()).toMatchObject({ code: 'request_invalid' });
    expect([asked, notified]).toEqual([[], []]);
  });

  test('is not added when the user service does not answer, and the client is not told why', async () => {
    users.nameOf = async () => {
      throw new BucketError('user_service_failed', 'The user service did not give a name.', {
        cause: new Error('secret'),
      });
    };
    const response = await add(mia, { title: 'see the aurora' });
    expect(response.json()).toMatchObject({ status: 503, code: 'user_service_failed' });
    expect(response.body).not.toContain('secret');
    expect(items.list('mia')).toEqual([]);
    expect(notified).toEqual([]);
  });
});

test.each([
  ['GET', '/api/bucket-items', grants('bucket:write')],
  ['GET', '/api/bucket-items/1', grants('bucket:delete')],
  ['POST', '/api/bucket-items', grants('bucket:read')],
  ['PATCH', '/api/bucket-items/1', grants('bucket:read', 'bucket:delete')],
  ['DELETE', '/api/bucket-items/1', grants('bucket:read', 'bucket:write')],
] as const)('%s %s needs a token, and its permission', async (method, url, services) => {
  const payload = method === 'POST' ? { title: 'a' } : method === 'PATCH' ? { done: true } : undefined;
  const body = payload === undefined ? {} : { payload };
  expect((await app.inject({ method, url, ...body })).json()).toMatchObject({ status: 401, code: 'token_missing' });
  const refused = await app.inject({ method, url, headers: tokenOf('mia', services), ...body });
  expect(refused.json()).toMatchObject({ status: 403, code: 'permission_missing' });
});

test('whoami tells what the identity library read', async () => {
  const headers = { ...mia, 'x-user-id': 'mia', 'x-user-roles': 'member', cookie: 'theme=dark; a=b=c' };
  expect((await app.inject({ url: '/api/whoami', headers })).json()).toMatchObject({
    caller: { kind: 'user', id: 'mia' },
    headers: { 'x-user-id': 'mia', 'x-user-roles': 'member' },
    cookies: ['theme', 'a'],
  });
  expect((await app.inject('/api/whoami')).statusCode).toBe(401);
});

test('health is for everyone, and an unknown route is a problem', async () => {
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await app.inject('/nowhere')).json()).toMatchObject({ status: 404, code: 'route_unknown' });
  expect((await app.inject('/api/bucket-items/%zz')).json()).toMatchObject({ status: 400, code: 'request_invalid' });
});

test('a defect is told as such and no more', async () => {
  items[Symbol.dispose]();
  const response = await app.inject({ url: '/api/bucket-items', headers: mia });
  expect(response.json()).toMatchObject({ status: 500, code: 'internal', detail: 'The request could not be served.' });
});
