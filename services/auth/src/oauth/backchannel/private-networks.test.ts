import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Resolve, reachingNetworks } from './private-networks.ts';

const LOOPBACK = '127.0.0.0/8';
const TOLD = { method: 'POST', body: new URLSearchParams({ logout_token: 'a.b.c' }) };
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let answer: Answer;
const server = createServer((request, response) => answer(request, response));
let origin: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  origin = `:${address.port}/told`;
});
beforeEach(() => {
  answer = (_, response) => response.writeHead(204).end();
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Stands for the fetch that cuts what is not public: whatever gets there is told by its host. */
function setUp(networks: readonly string[], names: Readonly<Record<string, string>> = {}) {
  const others: string[] = [];
  const resolve: Resolve = async (hostname) => {
    const address = names[hostname];
    if (address === undefined) throw new Error('no such name');
    return [{ address, family: 4 }];
  };
  const fetch: typeof globalThis.fetch = async (url) => {
    others.push(new URL(String(url)).hostname);
    throw new TypeError('cut');
  };
  return { reach: reachingNetworks({ networks, fetch, resolve }), others };
}

describe('an application on a network that was named', () => {
  test.each(['http://127.0.0.1', 'http://app.internal'])('is told at %s', async (base) => {
    const { reach, others } = setUp([LOOPBACK], { 'app.internal': '127.0.0.1' });
    const received = Promise.withResolvers<readonly unknown[]>();
    answer = async (request, response) => {
      const { 'content-type': type, host } = request.headers;
      received.resolve([request.method, type, host, await text(request)]);
      response.writeHead(200).end('what nobody reads');
    };
    expect(await reach(base + origin, TOLD)).toMatchObject({ status: 200, body: null });
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    expect(await received.promise).toEqual(['POST', type, new URL(base + origin).host, 'logout_token=a.b.c']);
    expect(others).toEqual([]);
  });

  test('is led nowhere else', async () => {
    answer = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1/other' }).end();
    await expect(setUp([LOOPBACK]).reach(`http://127.0.0.1${origin}`, TOLD)).rejects.toThrow('redirect');
  });

  test('has no status that is none', async () => {
    answer = ({ socket }) => void socket.end('HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n');
    await expect(setUp([LOOPBACK]).reach(`http://127.0.0.1${origin}`, TOLD)).rejects.toThrow('999');
  });

  test('that wants another protocol is left, and not waited for', async () => {
    answer = ({ socket }) => void socket.write('HTTP/1.1 101 Odd\r\nconnection: upgrade\r\nupgrade: odd\r\n\r\n');
    const told = setUp([LOOPBACK]).reach(`http://127.0.0.1${origin}`, TOLD);
    await expect(told).rejects.toThrow('without an answer');
  });

  test('that says nothing is left when the time is up', async () => {
    const arrived = Promise.withResolvers<void>();
    answer = () => arrived.resolve();
    const abort = new AbortController();
    const told = setUp([LOOPBACK]).reach(`http://127.0.0.1${origin}`, { ...TOLD, signal: abort.signal });
    await arrived.promise;
    abort.abort();
    await expect(told).rejects.toThrow('abort');
  });

  test('whose name is not answered for is left when the time is up', async () => {
    const resolve: Resolve = () => new Promise(() => undefined);
    const reach = reachingNetworks({ networks: [LOOPBACK], fetch, resolve });
    const abort = new AbortController();
    const told = reach(`http://app.internal${origin}`, { ...TOLD, signal: abort.signal });
    abort.abort();
    await expect(told).rejects.toThrow('abort');
  });
});

describe('any other is asked as before', () => {
  test.each([
    ['an address of another network', [LOOPBACK], 'http://10.1.2.3'],
    ['a name that leads to another network', [LOOPBACK], 'http://db.internal'],
    ['a name that nobody knows', [LOOPBACK], 'http://nobody.internal'],
    ['one address beside the one that was named', ['127.0.0.2'], 'http://127.0.0.1'],
    ['an address of the other kind', ['fd00::/8'], 'http://[::1]'],
    ['where no network is named', [], 'http://127.0.0.1'],
  ])('%s', async (_name, networks, base) => {
    const { reach, others } = setUp(networks, { 'db.internal': '10.0.0.5' });
    await expect(reach(base + origin, TOLD)).rejects.toThrow('cut');
    expect(others).toEqual([new URL(base).hostname]);
  });
});
