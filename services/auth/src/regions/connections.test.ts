import { expect, test } from 'vitest';
import { leadingTo } from './connections.ts';

/** A client that only knows its own name. */
function named(name: string) {
  const refuse = async () => {
    throw new Error('not asked for');
  };
  const client = { name, get: async (key: string) => `${client.name}:${key}` };
  return { ...client, eval: refuse, evalsha: refuse, set: refuse, del: refuse, hgetall: refuse } as never;
}

test('a command goes to the store that serves when it is given', async () => {
  const [local, global] = [named('local'), named('global')];
  let isAway = false;
  const redis = leadingTo(() => (isAway ? global : local));
  expect(await redis.get('k')).toBe('local:k');
  isAway = true;
  expect(await redis.get('k')).toBe('global:k');
  isAway = false;
  expect(await redis.get('k')).toBe('local:k');
});
