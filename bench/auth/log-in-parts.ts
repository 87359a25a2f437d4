import { generateKeyPairSync, sign } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { RedisConnection } from '@sekisho/sessions/redis';
import { ownCpuSeconds, threadSeconds } from '../cpu.ts';
import { type Call, closedLoop } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import { openRedis } from '../redis.ts';
import type { Figure } from '../report.ts';
import type { World } from './world.ts';

const ROUND = { atOnce: availableParallelism(), seconds: 3 };
/** Both limits and their reset, the index, the session and its first refresh token. */
const REDIS_COMMANDS = 6;

/**
 * Milliseconds of the server's CPU that a log-in takes, by what takes them. What HTTP, Redis and the signature take is
 * measured by itself at the same concurrency, and so with warm caches: it is the least of the event loop's part. The rest
 * are the three queries of PostgreSQL's client, JavaScript of the service, and caches that argon2 emptied.
 */
export async function logInParts({ auth, logIn, bareFastify, stores }: World): Promise<readonly Figure[]> {
  const redis = await openRedis(stores.redisUrl);
  const threads = await byThread(auth.process.pid, logIn);
  const least = {
    'HTTP, as a bare fastify handler': 1000 / (await perCpuSecond(bareFastify.server, bareFastify.call, ROUND)),
    [`${REDIS_COMMANDS} commands of Redis' client`]: REDIS_COMMANDS * (await ownMilliseconds(() => ping(redis))),
    'the signature': await ownMilliseconds(signing()),
  };
  redis.disconnect();
  const known = Object.values(least).reduce((sum, part) => sum + part, 0);
  const figure = (name: string, value: number): Figure => ({ name: `log-in, CPU: ${name}`, value, unit: 'ms' });
  return [
    figure('argon2id', threads.pool),
    figure('event loop', threads.eventLoop),
    ...Object.entries(least).map(([name, value]) => figure(`of that ${name}`, value)),
    figure("of that PostgreSQL's client, the service itself, cold caches", threads.eventLoop - known),
  ];
}

async function byThread(pid: number, call: Call): Promise<{ readonly pool: number; readonly eventLoop: number }> {
  const now = () => ({ pool: threadSeconds(pid, 'pool'), eventLoop: threadSeconds(pid, 'event loop') });
  const before = now();
  const answered = await closedLoop(call, ROUND);
  const after = now();
  const each = (part: keyof typeof after) => ((after[part] - before[part]) * 1000) / answered;
  return { pool: each('pool'), eventLoop: each('eventLoop') };
}

/** Of this process, for one call. */
async function ownMilliseconds(call: Call): Promise<number> {
  const before = ownCpuSeconds();
  const done = await closedLoop(call, { ...ROUND, seconds: 1 });
  return ((ownCpuSeconds() - before) * 1000) / done;
}

/** About as long as the commands of a log-in. */
function ping(redis: RedisConnection): Promise<unknown> {
  return redis.set('bench-parts', 'x'.repeat(200), 'PX', 10_000);
}

function signing(): Call {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const input = Buffer.alloc(600);
  return async () => sign('sha256', input, privateKey);
}
