import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SHARDS, sessionKeys, shardOf } from './keys.ts';

const keys = sessionKeys('sk');

describe('sessionKeys', () => {
  test("puts a user's keys and their outbox under one hash tag, and the index under none", () => {
    expect(keys.ofUser('u1')).toBe('sk:{s54}:user:u1:sessions');
    expect(keys.session('u1', 's1')).toBe('sk:{s54}:user:u1:session:s1');
    expect(`${keys.sessionPrefix('u1')}s1`).toBe(keys.session('u1', 's1'));
    expect(keys.outboxOf('u1')).toBe('sk:{s54}:outbox');
    expect(keys.owner('s1')).toBe('sk:session:s1');
  });

  test('spreads users over 64 shards, of which none has twice its part', () => {
    const users = 64_000;
    const counts = new Map(SHARDS.map((shard) => [shard, 0]));
    for (let user = 0; user < users; user += 1) {
      const shard = shardOf(randomUUID());
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(64);
    // 1,000 each, give or take 32: nine times that is out of the question.
    for (const count of counts.values()) expect(Math.abs(count - users / 64)).toBeLessThan(300);
  });

  test.each(['', 'a}b', '{a', 'a:b', 'a b', 'a\n', 'x'.repeat(129)])('refuses the id %j', (id) => {
    for (const name of [() => keys.ofUser(id), () => keys.session('u', id), () => keys.owner(id)]) {
      expect(name).toThrow(expect.objectContaining({ code: 'session_invalid' }));
    }
  });
});
