import { randomBytes, randomUUID } from 'node:crypto';
import { createRefreshStore, createSessionStore } from '@sekisho/sessions';
import type { RedisConnection } from '@sekisho/sessions/redis';
import type { BareStores } from '@sekisho/test-e2e/mesh';
import { openRedis } from '../redis.ts';
import type { Figure } from '../report.ts';

const AT_ONCE = 500;
const PREFIX = 'bench-memory';
/** As a browser tells of itself. */
const DEVICE = {
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  platform: 'Windows',
  language: 'ja-JP',
};

/** What sessions take in Redis, each of a user of its own and with refresh tokens: all that a log-in leaves there. */
export async function sessionMemoryFigures({ redisUrl }: BareStores, count: number): Promise<readonly Figure[]> {
  const redis = await openRedis(redisUrl);
  // Neither its file nor its limit is what is measured.
  await redis.config('SET', 'appendonly', 'no');
  await redis.config('SET', 'maxmemory', '0');
  const before = await usedMemory(redis);
  const began = performance.now();
  await logIns(redis, count);
  const seconds = (performance.now() - began) / 1000;
  const bytes = (await usedMemory(redis)) - before;
  redis.disconnect();
  return [
    { name: `${count} sessions in Redis, each`, value: Math.round(bytes / count), unit: 'bytes' },
    { name: `${count} sessions in Redis, all`, value: Math.round(bytes / 1024 / 1024), unit: 'MiB' },
    { name: `${count} sessions in Redis, written in`, value: Math.round(seconds), unit: 's' },
  ];
}

async function logIns(redis: RedisConnection, count: number): Promise<void> {
  const common = { redis, prefix: PREFIX, clock: () => new Date() };
  const sessions = createSessionStore({ ...common, newId: randomUUID });
  const refresh = createRefreshStore(common);
  const context = JSON.stringify({ clientId: 'web' });
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      const { id, userId } = await sessions.create({ userId: randomUUID(), device: DEVICE, ip: '192.0.2.123' });
      await refresh.begin(userId, id, { secret: randomBytes(32).toString('base64url'), context });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function usedMemory(redis: RedisConnection): Promise<number> {
  const bytes = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  if (!Number.isSafeInteger(bytes)) throw new Error('Redis does not tell how much memory it uses');
  return bytes;
}
