import { hash } from '@node-rs/argon2';
import { describe, expect, test } from 'vitest';
import { createPasswordHasher } from './hasher.ts';

const hasher = await createPasswordHasher({ concurrency: 1, maxWaiting: 8 });

describe('the password hasher', () => {
  test("writes argon2id with OWASP's parameters and a salt of its own", async () => {
    const [first, second] = [await hasher.hash('correct horse'), await hasher.hash('correct horse')];
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(second).not.toBe(first);
  });

  test('verifies the password, and no other', async () => {
    const stored = await hasher.hash('correct horse');
    expect(await hasher.verify(stored, 'correct horse')).toBe(true);
    expect(await hasher.verify(stored, 'Correct horse')).toBe(false);
  });

  test('takes one password for one, composed or not', async () => {
    const [composed, decomposed] = ['caf\u00e9 creme', 'cafe\u0301 creme'];
    expect(await hasher.verify(await hasher.hash(composed), decomposed)).toBe(true);
    expect(await hasher.verify(await hasher.hash(decomposed), composed)).toBe(true);
  });

  test('does the same work, and says no, when there is no stored hash', async () => {
    const stored = await hasher.hash('correct horse');
    /** Of the processor, which a busy machine makes no longer. */
    const work = async (hash: string | undefined) => {
      const started = process.cpuUsage();
      expect(await hasher.verify(hash, 'wrong')).toBe(false);
      const { user, system } = process.cpuUsage(started);
      return user + system;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      known.push(await work(stored));
      unknown.push(await work(undefined));
    }
    // The least of each is the work itself; an early return would be hundreds of times less.
    expect(Math.min(...unknown) / Math.min(...known)).toBeGreaterThan(0.5);
  });

  test('knows a hash of other parameters', async () => {
    expect(hasher.isOutdated(await hasher.hash('correct horse'))).toBe(false);
    expect(hasher.isOutdated(await hash('correct horse', { memoryCost: 4_096, timeCost: 3, parallelism: 1 }))).toBe(
      true,
    );
  });

  test('refuses when too many wait', async () => {
    const full = await createPasswordHasher({ concurrency: 1, maxWaiting: 1 });
    const hashes = [full.hash('a'), full.hash('b'), full.hash('c')];
    const outcomes = await Promise.allSettled(hashes);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });
});
