import { randomUUID } from 'node:crypto';
import { connectRedis } from '@sekisho/sessions';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { createRateLimiter } from './rate-limit.ts';

const ready = Promise.withResolvers<void>();
const redis = connectRedis({ url: inject('redisUrl'), onState: (state) => state === 'ready' && ready.resolve() });
const name = `test-${randomUUID()}`;
await ready.promise;
afterAll(() => redis.disconnect());

describe('the rate limiter', () => {
  test('allows a burst, then one more after each refill', async () => {
    const limiter = createRateLimiter(redis, name, { burst: 3, refillSeconds: 1 });
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await limiter.take('refill')).toBe(0);
    expect(await limiter.take('refill')).toBe(1);
    await expect.poll(() => limiter.take('refill'), { timeout: 2_000 }).toBe(0);
    expect(await limiter.take('refill')).toBe(1);
  });

  test('allows exactly the burst when all come at once', async () => {
    const limiter = createRateLimiter(redis, name, { burst: 5, refillSeconds: 60 });
    const waits = await Promise.all(Array.from({ length: 20 }, () => limiter.take('race')));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60);
  });

  test('does not count what it refused', async () => {
    const limiter = createRateLimiter(redis, name, { burst: 1, refillSeconds: 60 });
    await limiter.take('refused');
    const waits = [await limiter.take('refused'), await limiter.take('refused')];
    expect(Math.max(...waits)).toBeLessThanOrEqual(60);
  });

  test('counts each subject alone, over clients, until it is reset', async () => {
    const limiter = createRateLimiter(redis, name, { burst: 1, refillSeconds: 60 });
    const replica = createRateLimiter(redis, name, { burst: 1, refillSeconds: 60 });
    expect(await limiter.take('a@example.org')).toBe(0);
    expect(await limiter.take('b@example.org')).toBe(0);
    expect(await replica.take('a@example.org')).toBeGreaterThan(0);
    await replica.reset('a@example.org');
    expect(await limiter.take('a@example.org')).toBe(0);
  });

  test('keeps no address, and nothing for longer than it matters', async () => {
    const limiter = createRateLimiter(redis, `${name}-own`, { burst: 2, refillSeconds: 10 });
    await limiter.take('alice@example.org');
    const keys = await redis.keys(`${name}-own*`);
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain('alice');
    expect(await redis.pttl(keys[0] ?? '')).toBeLessThanOrEqual(10_000);
  });
});
