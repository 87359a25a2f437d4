import { randomUUID } from 'node:crypto';
import { createSessionStore } from '@sekisho/sessions';
import { LuaScript } from '@sekisho/sessions/redis';
import type { BareStores } from '@sekisho/test-e2e/mesh';
import { openRedis } from '../redis.ts';
import { type Figure, percentile } from '../report.ts';
import { inTurns } from '../rounds.ts';

const CALLS = 300;
const PREFIX = 'bench-touch';
const NOTHING = new LuaScript('return 0');

/** The touch of a session against one round trip of the same connection that does nothing. */
export async function touchFigures({ redisUrl }: BareStores): Promise<readonly Figure[]> {
  const redis = await openRedis(redisUrl);
  const sessions = createSessionStore({ redis, prefix: PREFIX, clock: () => new Date(), newId: randomUUID });
  const { id, userId } = await sessions.create({ userId: randomUUID(), device: {}, ip: '192.0.2.1' });
  const measured = await inTurns(
    {
      nothing: () => microseconds(() => NOTHING.run(redis, [`${PREFIX}:nothing`], [])),
      get: () => microseconds(() => sessions.get(userId, id)),
      touch: () => microseconds(() => sessions.touch(userId, id)),
    },
    { warmUp: 3, rounds: 15 },
  );
  redis.disconnect();
  const against = 'a script that does nothing';
  return [
    measured.figure('nothing', `${against}, round trip`, 'us'),
    measured.figure('get', 'session read, round trip', 'us'),
    measured.figure('touch', 'session touch, round trip', 'us'),
    { ...measured.ratio('get', 'nothing', 'session read'), against },
    { ...measured.ratio('touch', 'nothing', 'session touch'), against },
  ];
}

/** The median of calls one after another. */
async function microseconds(call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let count = 0; count < CALLS; count += 1) {
    const began = performance.now();
    await call();
    took.push((performance.now() - began) * 1000);
  }
  return percentile(took, 0.5);
}
