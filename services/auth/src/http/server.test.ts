import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createLogger } from '@sekisho/telemetry';
import { standStill } from '@sekisho/telemetry/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer } from './server.ts';

const LAST_ANSWER = /^HTTP\/1\.1 200 OK\r\n.*^connection: close\r\n.*{"ok":true}$/ims;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function setUp(drainMs: number) {
  const app = createServer(createLogger({ name: 'test', level: 'silent' }), { drainMs });
  const arrived = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  app.get('/slow', async () => {
    arrived.resolve();
    await answer.promise;
    return { ok: true };
  });
  app.addHook('preClose', async () => closing.resolve());
  const taken: Socket[] = [];
  app.server.on('connection', (socket) => taken.push(socket));
  /** Bytes that came. */
  const read = () => taken.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const send = async (head: string) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(head);
    return socket;
  };
  return { app, send, read, arrived: arrived.promise, closing: closing.promise, answer: answer.resolve };
}

describe('a server that closes', () => {
  test('answers what is in flight and asks for nothing more on its connection', async () => {
    const { app, send, arrived, closing, answer } = await setUp(60_000);
    const received = text(await send('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n'));
    await arrived;
    const closed = app.close();
    await closing;
    answer();
    await closed;
    expect(await received).toMatch(LAST_ANSWER);
  });

  test('answers a request of which it had a part', async () => {
    const { app, send, closing, answer, read } = await setUp(60_000);
    answer();
    const client = await send('GET /slow HTTP/1.1\r\nhost: a\r\n');
    const received = text(client);
    // A connection of which nothing came is idle, and closed at once.
    await expect.poll(read, { timeout: 60_000 }).toBeGreaterThan(0);
    const closed = app.close();
    await closing;
    client.write('\r\n');
    await closed;
    expect(await received).toMatch(LAST_ANSWER);
  });

  test('answers what is in flight also when the process stands still for longer than that may take', async () => {
    const { app, send, arrived, closing, answer } = await setUp(1_000);
    const received = text(await send('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n'));
    await arrived;
    const closed = app.close();
    await closing;
    // As what was given up at its time, and then has to be read from a socket.
    setTimeout(() => setImmediate(answer), 100);
    standStill(1_500);
    await closed;
    expect(await received).toMatch(LAST_ANSWER);
  });

  test('does not wait for a request that never ends', async () => {
    const { app, send } = await setUp(50);
    const client = await send('POST /slow HTTP/1.1\r\nhost: a\r\n');
    const ended = once(client, 'close');
    client.on('error', () => undefined);
    await app.close();
    await ended;
  });
});
