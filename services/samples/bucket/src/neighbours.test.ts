import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readCaller } from '@sekisho/identity';
import { serviceClient, workloadTokens } from '@sekisho/identity/client';
import { tokenHeaders } from '@sekisho/identity/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Egress, openEgress } from './egress.ts';
import { connectNotificationService } from './notification-service.ts';
import { connectUserService } from './user-service.ts';

const callerOf = (claims: object) =>
  readCaller({ ...tokenHeaders({ aud: 'bucket', ...claims }), 'x-request-id': 'r1' }, { service: 'bucket' });
const mia = callerOf({ sub: 'mia', user: { id: 'mia' } });
const { authorization } = tokenHeaders({ aud: 'any', sub: 'system:serviceaccount:shop:bucket' });

let folder: string;
let servers: Server[];
let egresses: Egress[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bucket-'));
  writeFileSync(join(folder, 'token'), authorization.replace('Bearer ', ''));
  servers = [];
  egresses = [];
});
afterEach(async () => {
  await Promise.all(egresses.map((egress) => egress.close()));
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<URL> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer(listener).listen(0, '127.0.0.1', resolve);
  servers.push(server);
  await promise;
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
}

/** An auth service, and a sidecar's egress listener as far as this service can tell. */
async function client(service: string, egressListener: RequestListener) {
  const authUrl = await serve(async (request, response) => {
    const audience = new URLSearchParams(await text(request)).get('audience');
    response.end(JSON.stringify({ access_token: `to.${audience}.x`, token_type: 'Bearer', expires_in: 300 }));
  });
  const egress = openEgress(await serve(egressListener));
  egresses.push(egress);
  const tokens = workloadTokens({ authUrl, tokenFile: join(folder, 'token') });
  const limits = { timeoutMs: 30_000, maxAnswerBytes: 4_096 };
  return serviceClient(service, { url: new URL(`http://${service}.shop`), tokens, fetch: egress.fetch, ...limits });
}

test('the user service is asked for the profile of the user, in that name, with the request id', async () => {
  const seen: unknown[] = [];
  const users = connectUserService(
    await client('user', ({ method, url, headers }, response) => {
      seen.push([method, url, headers.host, headers.authorization, headers['x-request-id']]);
      response.end('{"id":"mia","name":"Mia"}');
    }),
  );
  expect(await users.nameOf(mia)).toBe('Mia');
  expect(seen).toEqual([['GET', 'http://user.shop/api/users/profile', 'user.shop', 'Bearer to.user.x', 'r1']]);
});

test('the notification service is told, in the name of the user', async () => {
  const seen: unknown[] = [];
  const notifications = connectNotificationService(
    await client('notification', async (request, response) => {
      seen.push([request.method, request.url, request.headers.authorization, JSON.parse(await text(request))]);
      response.writeHead(201).end('{}');
    }),
  );
  await notifications.notify(mia, 'You added: a');
  const url = 'http://notification.shop/api/notifications';
  expect(seen).toEqual([['POST', url, 'Bearer to.notification.x', { text: 'You added: a' }]]);
});

describe.each<[string, RequestListener]>([
  ['refuses', (_, response) => void response.writeHead(403).end('RBAC: access denied')],
  ['answers something else', (_, response) => void response.end('{"id":"mia"}')],
  ['answers no JSON', (_, response) => void response.end('<html>')],
  ['answers too much', (_, response) => void response.end(JSON.stringify({ name: 'a'.repeat(5_000) }))],
  ['hangs up', (request) => void request.socket.destroy()],
])('a service that %s', (_, listener) => {
  test('is a BucketError, without anything of a token', async () => {
    const [users, notifications] = [await client('user', listener), await client('notification', listener)];
    const [name, note] = await Promise.allSettled([
      connectUserService(users).nameOf(mia),
      connectNotificationService(notifications).notify(mia, 'a'),
    ]);
    expect(name).toMatchObject({ status: 'rejected', reason: { code: 'user_service_failed', statusCode: 503 } });
    expect(note).toMatchObject({ status: 'rejected', reason: { code: 'notification_failed' } });
    expect(JSON.stringify([name, note])).not.toContain('to.');
  });
});

test('nobody is asked for a workload that calls for itself', async () => {
  const users = connectUserService(await client('user', (_, response) => void response.end()));
  const job = callerOf({ sub: 'system:serviceaccount:shop:job' });
  await expect(users.nameOf(job)).rejects.toMatchObject({ code: 'user_missing', statusCode: 403 });
});
