import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { connectUserService, type UserService, type UserServiceOptions } from './user-service.ts';

let server: Server | undefined;
let users: UserService | undefined;

afterEach(async () => {
  await users?.close();
  server?.closeAllConnections();
  server?.close();
});

/** A sidecar's egress listener, as far as the client can tell. */
async function connect(listener: RequestListener, options: Partial<UserServiceOptions> = {}): Promise<UserService> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server = createServer(listener).listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  users = connectUserService({
    url: new URL('http://user.shop'),
    egressProxy: new URL(`http://127.0.0.1:${port}`),
    ...options,
  });
  return users;
}

const failure = expect.objectContaining({ code: 'user_service_failed', statusCode: 503 });

test('the egress listener is asked for the host user.shop, with the trace and no credential', async () => {
  const seen: unknown[] = [];
  const service = await connect((request, response) => {
    const { host, 'x-request-id': id, authorization } = request.headers;
    seen.push([request.method, request.url, host, id, authorization]);
    response.end('{"id":"a/b","name":"Mia"}');
  });
  expect(await service.nameOf('a/b', { 'x-request-id': 'r1' })).toBe('Mia');
  expect(seen).toEqual([['GET', '/api/users/a%2Fb/name', 'user.shop', 'r1', undefined]]);
});

test.each<[string, RequestListener]>([
  ['refuses', (_, response) => void response.writeHead(403).end('RBAC: access denied')],
  ['answers something else', (_, response) => void response.end('{"id":"mia"}')],
  ['answers no JSON', (_, response) => void response.end('<html>')],
  ['answers too much', (_, response) => void response.end(JSON.stringify({ name: 'a'.repeat(5_000) }))],
  ['hangs up', (request) => void request.socket.destroy()],
])('a user service that %s is a BucketError', async (_, listener) => {
  const service = await connect(listener);
  await expect(service.nameOf('mia', {})).rejects.toEqual(failure);
});

test('a user service that never answers is given up', async () => {
  const service = await connect(() => undefined, { timeoutMs: 50 });
  await expect(service.nameOf('mia', {})).rejects.toEqual(failure);
});
