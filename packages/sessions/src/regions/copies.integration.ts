import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type SessionKeys, sessionKeys } from '../keys.ts';
import { createEndCopies, type EndCopies } from './copies.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const stores = {
  tokyo: await connected(`${inject('redisUrl')}/8`),
  osaka: await connected(`${inject('redisUrl')}/9`),
  global: await connected(`${inject('redisUrl')}/10`),
};
/** A line that is cut. */
const gone = await connected(`${inject('redisUrl')}/10`);
gone.disconnect();
afterAll(() => {
  for (const redis of Object.values(stores)) redis.disconnect();
});

const clock = () => new Date();

let prefix: string;
let keys: SessionKeys;
let userId: string;
let tokyo: RegionUnderTest;
let osaka: RegionUnderTest;
let endCopies: EndCopies;
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  keys = sessionKeys(prefix);
  userId = randomUUID();
  const of = (name: 'tokyo' | 'osaka', global = stores.global) =>
    createRegion({ name, local: stores[name], global, prefix, clock });
  tokyo = of('tokyo');
  osaka = of('osaka');
  endCopies = createEndCopies({ redis: stores.osaka, clock, prefix });
});

/** Begun in one region, and known in the other. */
async function known(): Promise<string> {
  const { id } = await tokyo.sessions.create({ userId, device: {} });
  await tokyo.sync();
  expect(await osaka.sessions.get(userId, id)).toMatchObject({ id });
  return id;
}

describe('copies of sessions that are revoked elsewhere', () => {
  test('are over and not listed any more, also while the global store is away', async () => {
    const [ended, kept] = [await known(), await known()];
    await endCopies([{ kind: 'session', id: ended }]);
    const cut = createRegion({ name: 'osaka', local: stores.osaka, global: gone, prefix, clock });
    expect((await cut.sessions.list(userId)).map(({ id }) => id)).toEqual([kept]);
    expect(await cut.sessions.get(userId, ended)).toBeUndefined();
    expect(await cut.sessions.touch(userId, ended)).toBeUndefined();
    // Until none of a copy elsewhere could bring it back.
    expect(await stores.osaka.hkeys(keys.session(userId, ended))).toEqual(['endedAt']);
    expect(await stores.osaka.exists(keys.owner(ended))).toBe(0);
  });

  test('leave it to who ended them to tell the others', async () => {
    const id = await known();
    await endCopies([{ kind: 'session', id }]);
    expect(await stores.osaka.xlen(keys.outboxOf(userId))).toBe(0);
    expect(await tokyo.sessions.destroy(userId, id)).toEqual([id]);
  });

  test('are none where nobody knows the session, or where something else is revoked', async () => {
    const id = await known();
    await endCopies([
      { kind: 'session', id: randomUUID() },
      { kind: 'session', id: 'of another issuer: {1}' },
      { kind: 'token', id },
    ]);
    expect(await osaka.sessions.get(userId, id)).toMatchObject({ id });
    expect(await stores.osaka.keys(`${prefix}:*:session:*`)).toEqual([keys.session(userId, id)]);
  });

  test('are ended although one of them cannot be, which is told', async () => {
    const [damaged, ended] = [await known(), await known()];
    await stores.osaka.set(keys.session(userId, damaged), 'no hash');
    const ids = [damaged, ended].map((id) => ({ kind: 'session', id }) as const);
    await expect(endCopies(ids)).rejects.toMatchObject({ code: 'redis_unavailable' });
    expect(await stores.osaka.hkeys(keys.session(userId, ended))).toEqual(['endedAt']);
  });
});
