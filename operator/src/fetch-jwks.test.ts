import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFetchJson } from './fetch-jwks.ts';

const never = new AbortController().signal;

let server: Server;
let url: string;
let answer: RequestListener;
let fetcher: ReturnType<typeof createFetchJson>;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  fetcher = createFetchJson({ timeoutMs: 60_000, maxBytes: 1_000 });
});

afterEach(async () => {
  await fetcher.close();
  server.closeAllConnections();
  server.close();
});

describe('createFetchJson', () => {
  test('returns the decoded answer', async () => {
    answer = (_, response) => response.end('{"keys":[]}');
    expect(await fetcher.fetch(url, never)).toEqual({ keys: [] });
  });

  test.each<[string, string, RequestListener]>([
    ['an error status', 'jwks_status', (_, response) => response.writeHead(503).end('busy')],
    [
      'a redirect',
      'jwks_redirect',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    ['garbage', 'jwks_not_json', (_, response) => response.end('<html>secret</html>')],
    ['more than the bound', 'jwks_too_large', (_, response) => response.end(`"${'x'.repeat(2_000)}"`)],
    ['a cut connection', 'jwks_unreachable', (_, response) => response.socket?.resetAndDestroy()],
  ])('%s is %s', async (_what, code, listener) => {
    answer = listener;
    const error = await fetcher.fetch(url, never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'OperatorError', code });
    expect(String(error)).not.toMatch(/secret|127\.0\.0\.1/);
  });

  test.each<[string, RequestListener]>([
    ['silence', () => undefined],
    ['a body that never ends', (_, response) => response.write('{"keys":')],
  ])('%s is jwks_timeout', async (_what, listener) => {
    answer = listener;
    const hasty = createFetchJson({ timeoutMs: 200, maxBytes: 1_000 });
    await expect(hasty.fetch(url, never)).rejects.toMatchObject({ name: 'OperatorError', code: 'jwks_timeout' });
    await hasty.close();
  });

  test('ends at once when it is stopped', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    const fetching = fetcher.fetch(url, stop.signal);
    stop.abort();
    await expect(fetching).rejects.toMatchObject({ code: 'jwks_unreachable' });
  });
});
