import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { connectRedis } from './connection.ts';
import { createSessionStore } from './store.ts';

let server: Server;
const sockets = new Set<Socket>();

/** A server that accepts, and never answers. */
async function listenSilently(): Promise<number> {
  server = createServer((socket) => void sockets.add(socket.on('error', () => socket.destroy())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function storeOn(port: number) {
  const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, onState: () => undefined, commandTimeoutMs: 100 });
  return { redis, sessions: createSessionStore({ redis, clock: () => new Date(), newId: () => 's1' }) };
}

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

describe('a connection to Redis', () => {
  test('fails in bounded time when the server accepts and never answers', async () => {
    const { redis, sessions } = storeOn(await listenSilently());
    const started = performance.now();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(sessions.get('u1', 's1')).rejects.toMatchObject({ code: 'redis_unavailable' });
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    redis.disconnect();
  });

  test('fails at once when nothing listens', async () => {
    const port = await listenSilently();
    server.close();
    const { redis, sessions } = storeOn(port);
    await expect(sessions.get('u1', 's1')).rejects.toMatchObject({ code: 'redis_unavailable' });
    redis.disconnect();
  });
});
