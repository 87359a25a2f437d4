import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { connectRedis } from './connection.ts';
import { createSessionStore } from './open-store.ts';
import { scanKeys } from './scan-keys.ts';
import { startFakeSentinel } from './testing/fake-sentinel.ts';
import { startValkey } from './testing/valkey.ts';
import { until } from './testing/waiting.ts';

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
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(sessions.get('u1', 's1')).rejects.toMatchObject({ code: 'redis_unavailable' });
    }
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

describe('a connection by Sentinels', () => {
  async function failOverWhileAsked() {
    const [first, second] = await Promise.all([startValkey(inject('valkey')), startValkey(inject('valkey'))]);
    const sentinel = await startFakeSentinel(first.port);
    const url = `redis+sentinel://127.0.0.1:${sentinel.port}/mymaster`;
    const states: string[] = [];
    const redis = connectRedis({ url, onState: (state) => states.push(state) });
    onTestFinished(async () => {
      redis.disconnect();
      await sentinel.close();
      await Promise.all([first.remove(), second.remove()]);
    });
    await until('it is connected, and told of new primaries', async () => states.length > 0 && sentinel.followers > 0);
    sentinel.failOverWhileAsked(second.port);
    await first.kill();
    return { redis, sentinel, second, states };
  }

  test('finds a primary of which it is told while it asks for it', async () => {
    const { redis, second, states } = await failOverWhileAsked();
    await until('the new primary is used', async () => (await redis.set('who', 'second')) === 'OK');
    expect(await second.ask('get', 'who')).toBe('second');
    // A machine that stands still for a while may cost it more connections than that one.
    expect(states.slice(0, 3)).toEqual(['ready', 'lost', 'ready']);
  });

  test('is not made again once it was ended', async () => {
    const { redis, sentinel } = await failOverWhileAsked();
    await until('the new primary is used', async () => (await redis.ping()) === 'PONG');
    await until('it is told of new primaries again', async () => sentinel.followers > 0);
    redis.disconnect();
    await until('it is gone', async () => sentinel.followers === 0);
    await expect(redis.ping()).rejects.toThrow();
  });
});

test('a Cluster that is not found yet is not taken for an empty one', async () => {
  const port = await listenSilently();
  const redis = connectRedis({ url: `redis+cluster://127.0.0.1:${port}`, onState: () => undefined });
  const pages = scanKeys(redis, '*');
  await expect(pages.next()).rejects.toMatchObject({ code: 'redis_unavailable' });
  redis.disconnect();
});
