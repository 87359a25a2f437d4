import { createServer, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listening, type RunningServer } from '../contract/http.ts';
import { serviceClient } from './service-client.ts';
import { workloadTokens } from './workload-tokens.ts';
import { callerOf, tokenOf, WORKLOAD, World } from './world.ts';

let world: World;
let servers: RunningServer[];
beforeEach(() => {
  world = new World();
  servers = [];
});
afterEach(async () => {
  world[Symbol.dispose]();
  await Promise.all(servers.map((server) => server.close()));
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = await listening(createServer(listener));
  servers.push(server);
  return new URL(`http://127.0.0.1:${server.port}`);
}

/** With the global fetch and the machine's own time. */
async function client(listener: RequestListener) {
  const asked: URLSearchParams[] = [];
  const authUrl = await serve(async (request, response) => {
    asked.push(new URLSearchParams(await text(request)));
    response.end(JSON.stringify({ access_token: tokenOf('delegated'), token_type: 'Bearer', expires_in: 300 }));
  });
  const tokens = workloadTokens({ authUrl, tokenFile: world.tokenFile });
  return { asked, users: serviceClient('user', { url: await serve(listener), tokens, timeoutMs: 30_000 }) };
}

test('a call in the name of a user goes over the wire with the token, the body and the trace', async () => {
  const { asked, users } = await client(async (request, response) => {
    const { authorization, 'x-request-id': id } = request.headers;
    response
      .writeHead(201)
      .end(JSON.stringify({ authorization, id, method: request.method, body: await text(request) }));
  });
  const caller = callerOf({}, { 'x-request-id': 'r1' });
  for (const body of ['whole', ReadableStream.from([new TextEncoder().encode('streamed')])]) {
    const response = await users.for(caller).fetch('/', { method: 'POST', body });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      authorization: `Bearer ${tokenOf('delegated')}`,
      id: 'r1',
      method: 'POST',
      body: typeof body === 'string' ? body : 'streamed',
    });
  }
  expect(asked.map((parameters) => parameters.get('client_id'))).toEqual([WORKLOAD]);
});

test('a connection that is cut is tried again', async () => {
  let tries = 0;
  const { users } = await client((request, response) => {
    tries += 1;
    if (tries < 3) request.socket.destroy();
    else response.end('at last');
  });
  expect(await (await users.asWorkload().fetch('/')).text()).toBe('at last');
});

test('a service that is not there is told as such, with no token in the error', async () => {
  const { users } = await client((request) => request.socket.destroy());
  const error = await users
    .asWorkload()
    .fetch('/')
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ name: 'ServiceCallError', code: 'call_failed', cause: expect.any(TypeError) });
  expect(`${error} ${Object(error).cause} ${Object(error).cause.cause}`).not.toContain('e30');
});
