import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLogger } from '@sekisho/telemetry';
import { expect, onTestFinished, test } from 'vitest';
import { createServer } from './server.ts';

async function setUp() {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const app = createServer(createLogger({ name: 'test', level: 'trace', destination }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const accepted = new Promise<Socket>((resolve) => app.server.once('connection', resolve));
  const address = app.server.address();
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  return { app, client, accepted, received: () => text(client), logged: () => lines.join('') };
}

function parse(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain('\r\ncontent-type: application/problem+json\r\n');
  expect(head).toContain(`\r\ncontent-length: ${body.length}`);
  return { statusLine: head.split('\r\n')[0], ...JSON.parse(body) };
}

test.each([
  ['a method that is none', 'HUNTER2 / HTTP/1.1\r\n\r\n', '400 Bad Request', 'request_malformed'],
  ['a header without a name', 'GET / HTTP/1.1\r\nhost: a\r\n: hunter2\r\n\r\n', '400 Bad Request', 'request_malformed'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    '400 Bad Request',
    'request_malformed',
  ],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nhost: a\r\nx: ${'hunter2'.repeat(3_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
    'headers_too_large',
  ],
])('%s gets a problem, and nothing of it is told or logged', async (_, request, status, code) => {
  const { client, received, logged } = await setUp();
  client.write(request);
  const answer = await received();
  expect(parse(answer)).toMatchObject({ statusLine: `HTTP/1.1 ${status}`, type: 'about:blank', code });
  expect(`${answer}${logged()}`.toLowerCase()).not.toContain('hunter2');
  expect(logged()).toContain('request refused');
});

test('a request that never ends gets a problem when its time is over', async () => {
  const { app, client, accepted, received } = await setUp();
  client.write('GET / HTTP/1.1\r\nhost: a\r\n');
  const timeout = Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  app.server.emit('clientError', timeout, await accepted); // Node itself looks every 30 s
  const answer = parse(await received());
  expect(answer).toMatchObject({ statusLine: 'HTTP/1.1 408 Request Timeout', code: 'request_timeout' });
});

test('a client that went away is not answered', async () => {
  const { client, accepted, logged } = await setUp();
  const socket = await accepted;
  client.resetAndDestroy();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(logged()).not.toContain('request refused');
});
