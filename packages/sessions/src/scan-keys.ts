import { Cluster, Redis } from 'ioredis';
import type { RedisClient } from './connection.ts';
import { SessionError } from './errors.ts';
import { redisCall } from './redis-call.ts';

const PAGE = 1_000;

/**
 * The keys that a pattern names, a page at a time, of every node of a Cluster. One that is there from the beginning to the end is
 * found, perhaps twice.
 * @throws SessionError `redis_unavailable`
 */
export async function* scanKeys(redis: RedisClient, pattern: string): AsyncGenerator<readonly string[]> {
  for (const node of nodesOf(redis)) {
    let cursor = '0';
    do {
      const [next, page] = await redisCall(node.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE));
      cursor = next;
      yield page;
    } while (cursor !== '0');
  }
}

function nodesOf(redis: RedisClient): readonly Redis[] {
  if (redis instanceof Cluster) return mastersOf(redis);
  if (redis instanceof Redis) return [redis];
  throw new TypeError('only a connection that `connectRedis` made can be searched');
}

/** @throws SessionError `redis_unavailable` while the client has not found all of them: what they have would pass for missing */
function mastersOf(cluster: Cluster): readonly Redis[] {
  const masters = cluster.nodes('master');
  const found = new Set(masters.map(({ options: { host, port } }) => `${host}:${port}`));
  const owners = new Set(cluster.slots.map((nodes) => nodes[0]));
  if (owners.size > 0 && [...owners].every((owner) => owner !== undefined && found.has(owner))) return masters;
  throw new SessionError('redis_unavailable', 'not every node of the Cluster is known');
}
