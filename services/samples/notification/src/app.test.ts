import { peerHeaders, tokenHeaders } from '@sekisho/identity/testing';
import { createLogger } from '@sekisho/telemetry';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { type Inboxes, MAX_PER_OWNER, openInboxes } from './inboxes.ts';

const ALL = ['notification:read', 'notification:write', 'notification:delete'];
const tokenOf = (id: string, permissions = ALL, more: object = {}) =>
  tokenHeaders({
    sub: id,
    aud: ['notification'],
    user: { id, roles: ['member'] },
    services: { notification: { permissions } },
    ...more,
  });
const peer = (serviceAccount: string) =>
  peerHeaders({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });
const act = { sub: 'system:serviceaccount:shop:bucket' };
/** The bucket service, in the name of a user. */
const bucketFor = (id: string) => ({ ...tokenOf(id, ['notification:write'], { act }), ...peer('bucket') });

let app: FastifyInstance;
let inboxes: Inboxes;
let url: string;

beforeEach(async () => {
  let ids = 0;
  inboxes = openInboxes(':memory:');
  const log = createLogger({ name: 'notification', level: 'silent' });
  const clock = () => new Date('2026-01-01T00:00:00Z');
  app = await buildApp({ inboxes, log, clock, newId: () => `n${++ids}` });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  // A client may hold a connection that it has not used yet, and a graceful close waits a minute for its first request.
  const cutting = setInterval(() => app.server.closeAllConnections(), 10);
  await app.close().finally(() => clearInterval(cutting));
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function send(method: string, path: string, headers: Record<string, string>, body?: object): Promise<Answer> {
  const json = { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { method, ...(body === undefined ? { headers } : json) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const leave = (headers: Record<string, string>, body: object = { text: 'Seen.' }) =>
  send('POST', '/api/notifications', headers, body);

describe('a notification', () => {
  test('is left by a service for the user in whose name it acts, read and removed by that user', async () => {
    const notification = { id: 'n1', text: 'Seen.', from: act.sub, createdAt: '2026-01-01T00:00:00.000Z' };
    expect(await leave(bucketFor('mia'))).toEqual({ status: 201, body: notification });
    const read = () => send('GET', '/api/notifications', tokenOf('mia'));
    expect((await read()).body).toEqual({ notifications: [notification] });
    expect((await send('DELETE', '/api/notifications/n1', tokenOf('mia'))).status).toBe(204);
    expect((await read()).body).toEqual({ notifications: [] });
  });

  test('of another user is not there', async () => {
    await leave(bucketFor('mia'));
    expect((await send('GET', '/api/notifications', tokenOf('ben'))).body).toEqual({ notifications: [] });
    const removal = await send('DELETE', '/api/notifications/n1', tokenOf('ben'));
    expect(removal).toMatchObject({ status: 404, body: { code: 'notification_unknown' } });
    expect(inboxes.list('mia')).toHaveLength(1);
  });

  test('is not left by users themselves, by another service, or by a service without a user', async () => {
    for (const headers of [tokenOf('mia'), { ...tokenOf('mia'), ...peer('user') }]) {
      expect(await leave(headers)).toMatchObject({ status: 403, body: { code: 'caller_not_allowed' } });
    }
    const passedOn = { ...tokenOf('mia'), ...peer('bucket') };
    expect(await leave(passedOn)).toMatchObject({ status: 403, body: { code: 'actor_missing' } });
    expect(await leave(peer('bucket'))).toMatchObject({ status: 401, body: { code: 'token_missing' } });
    const readOnly = { ...tokenOf('mia', ['notification:read'], { act }), ...peer('bucket') };
    expect(await leave(readOnly)).toMatchObject({ status: 403, body: { code: 'permission_missing' } });
    expect(inboxes.list('mia')).toEqual([]);
  });

  test.each([{}, { text: ' ' }, { text: 7 }, { text: 'a', to: 'ben' }, { text: 'a'.repeat(501) }])(
    'is refused as %j',
    async (body) => {
      expect(await leave(bucketFor('mia'), body)).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
    },
  );

  test.each([
    ['GET', '/api/notifications', ['notification:write']],
    ['DELETE', '/api/notifications/n1', ['notification:read', 'notification:write']],
  ])('needs its permission for %s %s', async (method, path, permissions) => {
    expect((await send(method, path, {})).status).toBe(401);
    expect(await send(method, path, tokenOf('mia', permissions))).toMatchObject({ status: 403 });
  });
});

test('an inbox keeps the newest', () => {
  const at = (n: number) => ({ id: `n${n}`, text: 'a', from: 'bucket', createdAt: '2026-01-01T00:00:00.000Z' });
  for (let n = 0; n <= MAX_PER_OWNER; n++) inboxes.add('mia', at(n));
  inboxes.add('ben', at(1_000));
  const ids = inboxes.list('mia').map(({ id }) => id);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([MAX_PER_OWNER, `n${MAX_PER_OWNER}`, 'n1']);
});

test('health is for everyone', async () => {
  expect(await send('GET', '/healthz', {})).toEqual({ status: 200, body: { status: 'ok' } });
});
