import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { standStill } from '@sekisho/telemetry/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { ANONYMOUS, type Answer, denied, PASSED } from '../answer.ts';
import type { PlacedRequest } from './request.ts';
import { type CheckServer, createCheckServer } from './server.ts';

const servers: CheckServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(decide: (question: PlacedRequest) => Promise<Answer> = async () => ANONYMOUS, drainMs = 100) {
  const asked: PlacedRequest[] = [];
  const answers: Answer[] = [];
  const defects: unknown[] = [];
  const server = createCheckServer({
    decide: (question) => {
      asked.push(question);
      return decide(question);
    },
    onAnswer: (_, answer) => void answers.push(answer),
    onDefect: (error) => void defects.push(error),
    monotonic: () => performance.now(),
    drainMs,
  });
  servers.push(server);
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { port, asked, answers, defects, close: () => server.close() };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

async function ask(port: number, { method = 'GET', path = '/edge/api?x=1', headers = {} }: Sent = {}) {
  const sent = request({ port, host: '127.0.0.1', method, path, headers: { host: 'Shop.example:8080', ...headers } });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: Number(response.statusCode), headers: response.headers, text };
}

const SECURE = { 'x-forwarded-proto': 'https', 'x-sekisho-server-name': 'shop.example' };

describe('a question of Envoy', () => {
  test('is taken apart: place, path, query, host, scheme, headers', async () => {
    const { port, asked } = await serve();
    await ask(port, { method: 'PROPFIND', headers: { ...SECURE, 'user-agent': 'Browser/1' } });
    await ask(port, { path: '/hop/' });
    const [edge, hop] = asked;
    expect(edge).toMatchObject({
      place: 'edge',
      request: {
        method: 'PROPFIND',
        path: '/api',
        query: 'x=1',
        host: 'shop.example',
        scheme: 'https',
        serverName: 'shop.example',
      },
    });
    expect(edge?.request.header('user-agent')).toBe('Browser/1');
    expect(hop).toMatchObject({
      place: 'hop',
      request: { path: '/', query: '', scheme: undefined, serverName: undefined },
    });
  });

  test.each(['__proto__', 'constructor', 'ftp', 'https,http', 'https, https'])(
    'of a scheme that is none: %s',
    async (scheme) => {
      const { port, asked } = await serve();
      await ask(port, { headers: { 'x-forwarded-proto': scheme } });
      expect(asked[0]?.request.scheme).toBeUndefined();
    },
  );

  test('with several Authorization headers carries no single token', async () => {
    const { port, asked } = await serve();
    await ask(port, { headers: { authorization: ['Bearer a', 'Bearer b'] } });
    expect(asked[0]?.request.authorization).toBe('Bearer a, Bearer b');
  });

  test.each<[string, Sent, number]>([
    ['of no place', { path: '/other' }, 400],
    ['beside a place', { path: '/edgewise' }, 400],
    ['without a host', { headers: { host: ':80' } }, 400],
    ['with a path too long', { path: `/edge/${'a'.repeat(9_000)}` }, 414],
    ['with headers too large', { headers: { cookie: 'a'.repeat(66_000) } }, 431],
  ])('%s is refused', async (_, sent, status) => {
    const { port, asked } = await serve();
    const answer = await ask(port, sent);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(asked).toEqual([]);
  });
});

describe('an answer', () => {
  const removals = (text: string | string[] | undefined) => new Set(String(text).split(','));

  test('that lets through takes away what nobody outside may say, in every spelling', async () => {
    const { port } = await serve();
    const { status, headers } = await ask(port);
    expect(status).toBe(200);
    const removed = removals(headers['x-envoy-auth-headers-to-remove']);
    for (const name of [
      'x-user-id',
      'x_user_id',
      'x-user_id',
      'x_user-id',
      'x-jwt-payload',
      'x_session_id',
      'x_forwarded_client_cert',
      'x-forwarded-client_cert',
      'authorization',
    ]) {
      expect(removed).toContain(name);
    }
  });

  test('that lets through keeps what Envoy says of the direct caller', async () => {
    const { port } = await serve();
    const { headers } = await ask(port);
    expect(removals(headers['x-envoy-auth-headers-to-remove'])).not.toContain('x-forwarded-client-cert');
  });

  test('with a token puts it in the place of the one that came', async () => {
    const { port } = await serve(async () => ({ allowed: true, authorization: 'Bearer narrow' }));
    const { headers } = await ask(port);
    expect(headers['authorization']).toBe('Bearer narrow');
    expect(removals(headers['x-envoy-auth-headers-to-remove'])).not.toContain('authorization');
  });

  test('with other cookies puts them in the place of those that came, and leaves out the header where none is left', async () => {
    const answers: Answer[] = [
      { ...ANONYMOUS, cookies: 'a=1; b="2"' },
      { allowed: true, authorization: 'Bearer narrow', cookies: '' },
    ];
    const { port } = await serve(async () => answers.shift() ?? ANONYMOUS);
    const some = await ask(port);
    expect(some.headers['cookie']).toBe('a=1; b="2"');
    expect(removals(some.headers['x-envoy-auth-headers-to-remove'])).not.toContain('cookie');
    const none = await ask(port);
    expect([none.headers['cookie'], none.headers['authorization']]).toEqual([undefined, 'Bearer narrow']);
    expect(removals(none.headers['x-envoy-auth-headers-to-remove'])).toContain('cookie');
    const untouched = await ask(port);
    expect(untouched.headers['cookie']).toBeUndefined();
    expect(removals(untouched.headers['x-envoy-auth-headers-to-remove'])).not.toContain('cookie');
  });

  test('that leads a browser elsewhere says where', async () => {
    const { port } = await serve(async () => denied('token_missing', 'x', { status: 302, location: '/login?to=%2F' }));
    const { status, headers } = await ask(port);
    expect([status, headers['location'], headers['www-authenticate']]).toEqual([302, '/login?to=%2F', undefined]);
    expect(headers['cache-control']).toBe('no-store');
  });

  test('at a hop changes nothing', async () => {
    const { port } = await serve(async () => PASSED);
    const { status, headers } = await ask(port, { path: '/hop/x' });
    expect([status, headers['authorization'], headers['x-envoy-auth-headers-to-remove']]).toEqual([
      200,
      undefined,
      undefined,
    ]);
  });

  test('that denies is a problem with code, policy and rule, and a challenge', async () => {
    const more = { policy: 'shop/bucket', rule: 'read', asker: { user: 'alice' } };
    const { port } = await serve(async () => denied('token_expired', 'expired', more));
    const { status, headers, text } = await ask(port);
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="sekisho", error="invalid_token"');
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(text)).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'expired',
      code: 'token_expired',
      policy: 'shop/bucket',
      rule: 'read',
    });
  });

  test('is 503 for a defect, which is told', async () => {
    const { port, defects, answers } = await serve(async () => {
      throw new TypeError('a defect');
    });
    expect((await ask(port)).status).toBe(503);
    expect(defects).toHaveLength(1);
    expect(answers).toMatchObject([{ allowed: false, code: 'unavailable' }]);
  });
});

test('whose answer comes while the server closes is answered, and sends the proxy elsewhere for the next one', async () => {
  const decision = Promise.withResolvers<Answer>();
  const { port, asked, close } = await serve(() => decision.promise, 60_000);
  const answered = ask(port);
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(1);
  const closed = close();
  decision.resolve(ANONYMOUS);
  const { status, headers } = await answered;
  expect([status, headers['connection']]).toEqual([200, 'close']);
  await closed;
});

test('that is asked while the server closes is answered, also when the process stands still for longer than that may take', async () => {
  const decision = Promise.withResolvers<Answer>();
  const { port, asked, close } = await serve(() => decision.promise, 1_000);
  const answered = ask(port);
  await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(1);
  const closed = close();
  // As what was given up at its time, and then has to be read from a socket.
  setTimeout(() => setImmediate(() => decision.resolve(ANONYMOUS)), 100);
  standStill(1_500);
  expect((await answered).status).toBe(200);
  await closed;
});

test('what is no HTTP is refused, and the server goes on', async () => {
  const { port } = await serve();
  const socket = connect(port, '127.0.0.1');
  socket.end('nonsense\r\n\r\n');
  const [data] = await once(socket, 'data');
  expect(String(data)).toMatch(/^HTTP\/1\.1 400 /);
  expect((await ask(port)).status).toBe(200);
});
