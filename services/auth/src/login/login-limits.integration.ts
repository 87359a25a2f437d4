import { randomUUID } from 'node:crypto';
import { connectRedis } from '@sekisho/sessions/redis';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { createKeyedHash } from '../keys/keyed-hash.ts';
import { type Attempt, createLoginLimits, type LoginRates } from './login-limits.ts';

const ready = Promise.withResolvers<void>();
const redis = connectRedis({
  url: inject('redisUrl'),
  commandTimeoutMs: 60_000,
  onState: (state) => state === 'ready' && ready.resolve(),
});
await ready.promise;
afterAll(() => redis.disconnect());

const HOUR = 3_600;
const rate = (burst: number, refillSeconds = HOUR) => ({ burst, refillSeconds });
const alice: Attempt = { email: 'alice@example.org', network: '192.0.2.1' };
const guesser: Attempt = { ...alice, network: '198.51.100.1' };

function setUp(rates: Partial<LoginRates>) {
  const prefix = `test-${randomUUID()}`;
  const all = { network: rate(1_000), accountFromNetwork: rate(100), account: rate(100), ...rates };
  const options = { redis, prefix, hash: createKeyedHash(Buffer.alloc(32, 7), 'test'), rates: all };
  const limits = createLoginLimits(options);
  const takes = async (attempt: Attempt, count: number) => {
    const waits: number[] = [];
    for (let index = 0; index < count; index += 1) waits.push(await limits.take(attempt));
    return waits.map((wait) => (wait === 0 ? 'allowed' : 'refused'));
  };
  /** What is counted is moved back, since nobody can move the clock of Redis. */
  const elapse = async (seconds: number) => {
    for (const key of await redis.keys(`${prefix}*`)) await redis.decrby(key, seconds * 1_000);
  };
  return { limits, takes, elapse, replica: createLoginLimits(options), prefix };
}

describe('the limits of log-in', () => {
  test('allow a burst, then one more after each refill', async () => {
    const { limits, takes, elapse } = setUp({ accountFromNetwork: rate(3) });
    expect(await takes(alice, 3)).toEqual(['allowed', 'allowed', 'allowed']);
    const wait = await limits.take(alice);
    expect(wait).toBeGreaterThan(HOUR - 600);
    expect(wait).toBeLessThanOrEqual(HOUR);
    await elapse(HOUR);
    expect(await takes(alice, 2)).toEqual(['allowed', 'refused']);
  });

  test('allow exactly the burst when all come at once, over replicas', async () => {
    const { limits, replica } = setUp({ account: rate(5) });
    const waits = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? limits : replica).take({ ...alice, network: `192.0.2.${index}` }),
      ),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    expect(Math.max(...waits)).toBeLessThanOrEqual(HOUR);
  });

  test('let the owner in, whatever one network tries', async () => {
    const { takes } = setUp({ accountFromNetwork: rate(2), account: rate(4) });
    expect(await takes(guesser, 10)).toEqual(['allowed', 'allowed', ...Array(8).fill('refused')]);
    expect(await takes(alice, 1)).toEqual(['allowed']);
  });

  test('end at the ceiling for networks together, without counting what was refused', async () => {
    const { limits, takes } = setUp({ accountFromNetwork: rate(2), account: rate(3) });
    await takes(guesser, 10);
    expect(await takes(alice, 2)).toEqual(['allowed', 'refused']);
    expect(await limits.take({ ...alice, network: '203.0.113.1' })).toBeLessThanOrEqual(HOUR);
    expect(await takes({ ...alice, email: 'bob@example.org' }, 1)).toEqual(['allowed']);
  });

  test('refuse a network on every account, and count nothing against the account', async () => {
    const { takes } = setUp({ network: rate(1), account: rate(1) });
    await takes({ ...guesser, email: 'bob@example.org' }, 1);
    expect(await takes(guesser, 1)).toEqual(['refused']);
    expect(await takes(alice, 1)).toEqual(['allowed']);
  });

  test('count no success, and forget after it what the same network failed', async () => {
    const { limits, takes } = setUp({ accountFromNetwork: rate(2), account: rate(4) });
    await takes(guesser, 2);
    for (let round = 0; round < 5; round += 1) {
      expect(await limits.take(alice)).toBe(0);
      await limits.succeed(alice);
    }
    expect(await takes(guesser, 1)).toEqual(['refused']);
    await limits.take(alice);
    await limits.take(alice);
    await limits.succeed(alice); // one failure of alice and two of the guesser stay in the account's count
    expect(await takes(alice, 2)).toEqual(['allowed', 'refused']);
  });

  test('keep no address, and nothing for longer than it matters', async () => {
    const { limits, prefix } = setUp({ network: rate(2), accountFromNetwork: rate(2), account: rate(2) });
    await limits.take(alice);
    const keys = await redis.keys(`${prefix}*`);
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      expect(key).not.toMatch(/alice|192\.0/);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(HOUR * 1_000);
    }
    await limits.succeed(alice);
    expect(await redis.keys(`${prefix}*`)).toHaveLength(1);
  });
});
