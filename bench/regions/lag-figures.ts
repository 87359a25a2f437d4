import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createSessionStore, type SessionStore } from '@sekisho/sessions';
import type { LoggedIn } from '../auth/platform.ts';
import { patiently } from '../patiently.ts';
import { openRedis } from '../redis.ts';
import { type Figure, percentile } from '../report.ts';
import { addUsers, type RegionsWorld } from './world.ts';

const COUNT = 120;
const USERS = 12;
const LONGEST_MS = 30_000;

/** From the answer to a log-in until the global store has its session. */
export async function lagFigures({ regions, regional }: RegionsWorld): Promise<readonly Figure[]> {
  const redis = await openRedis(regions.info.globalRedisUrl);
  const store = createSessionStore({ redis, clock: () => new Date(), newId: randomUUID });
  const users = await addUsers(regional, USERS);
  const took: number[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const user = users[index % users.length];
    if (user === undefined) throw new Error('there are no users');
    took.push(await untilThere(store, await patiently(() => regional.platform.logIn(user))));
  }
  redis.disconnect();
  const name = 'log-in, from its answer until the global store has the session';
  return [
    { name: `${name}, p50`, value: percentile(took, 0.5), unit: 'ms' },
    { name: `${name}, p99`, value: percentile(took, 0.99), unit: 'ms', target: { relation: '<=', value: 1_000 } },
  ];
}

async function untilThere(store: SessionStore, { access_token: token }: LoggedIn): Promise<number> {
  const answeredAt = performance.now();
  const { sub, session } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  while ((await store.get(sub, session.id)) === undefined) {
    if (performance.now() - answeredAt > LONGEST_MS) throw new Error('a session did not reach the global store');
    await delay(1);
  }
  return performance.now() - answeredAt;
}
