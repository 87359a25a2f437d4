import { FakeClock, settle } from '@sekisho/kube/testing';
import type { Session } from '@sekisho/sessions';
import { beforeEach, describe, expect, test } from 'vitest';
import { createTouchQueue, type TouchQueue } from './touch-queue.ts';

const GATHER_MS = 1_000;
const AT_ONCE = 32;
const MAX_WAITING = 50_000;

let clock: FakeClock;
let touched: string[];
let over: string[];
let errors: unknown[];
/** Touches that are under way, and how many there were at most. */
let running: number;
let most: number;
/** What a touch waits for, and what comes of it. */
let touch: (id: string) => Promise<Session | undefined>;
let queue: TouchQueue;

beforeEach(() => {
  clock = new FakeClock();
  [touched, over, errors, running, most] = [[], [], [], 0, 0];
  touch = async (id) => session(id);
  queue = createTouchQueue({
    clock,
    sessions: {
      async touch(_, id) {
        touched.push(id);
        running += 1;
        most = Math.max(most, running);
        try {
          return await touch(id);
        } finally {
          running -= 1;
        }
      },
    },
    onOver: (id) => void over.push(id),
    onError: (error) => void errors.push(error),
  });
});

function session(id: string): Session {
  const times = { createdAt: 0, lastAccessedAt: 0, expiresAt: 1 };
  return { id, userId: 'alice', device: {}, fingerprint: 'f', ...times };
}

const add = (...ids: readonly string[]) => {
  for (const id of ids) queue.add('alice', id);
};
const many = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);

describe('the use of sessions', () => {
  test('is noted together, and each session once', async () => {
    add('a', 'b', 'a');
    await clock.advance(GATHER_MS - 1);
    expect(touched).toEqual([]);
    await clock.advance(1);
    expect(touched).toEqual(['a', 'b']);
    expect(clock.pending).toEqual([]);
  });

  test('is noted by few requests at once', async () => {
    add(...many(3 * AT_ONCE + 1));
    await clock.advance(GATHER_MS);
    await expect.poll(() => touched.length, { timeout: 30_000 }).toBe(3 * AT_ONCE + 1);
    expect(most).toBe(AT_ONCE);
  });

  test('that comes while others are noted waits for the next time', async () => {
    const held = Promise.withResolvers<undefined>();
    touch = () => held.promise;
    add('a');
    await clock.advance(GATHER_MS);
    add('b');
    await clock.advance(GATHER_MS);
    expect(touched).toEqual(['a']);
    held.resolve(undefined);
    await settle();
    await clock.advance(GATHER_MS);
    expect(touched).toEqual(['a', 'b']);
  });

  test('is dropped beyond a bound', async () => {
    add(...many(MAX_WAITING), 'one more');
    await queue.stop();
    expect(touched).toHaveLength(MAX_WAITING);
    expect(touched).not.toContain('one more');
  });

  test('tells when a session turns out to be over', async () => {
    touch = async (id) => (id === 'gone' ? undefined : session(id));
    add('a', 'gone');
    await clock.advance(GATHER_MS);
    expect(over).toEqual(['gone']);
  });
});

describe('a store that is away', () => {
  beforeEach(() => {
    touch = () => Promise.reject(new Error('away'));
  });

  test('is told of once for each try, and spared the rest', async () => {
    add(...many(5 * AT_ONCE));
    await clock.advance(GATHER_MS);
    expect(errors).toEqual([new Error('away')]);
    expect(touched).toHaveLength(AT_ONCE);
    expect(clock.pending).toEqual([]);
  });

  test('is tried again with what comes next', async () => {
    add('a');
    await clock.advance(GATHER_MS);
    touch = async (id) => session(id);
    add('b');
    await clock.advance(GATHER_MS);
    expect(touched).toEqual(['a', 'b']);
    expect(errors).toHaveLength(1);
  });
});

describe('at the end', () => {
  test('what waits is noted at once', async () => {
    add('a', 'b');
    await queue.stop();
    expect(touched).toEqual(['a', 'b']);
    expect(clock.pending).toEqual([]);
  });

  test('what is under way is waited for, and what came meanwhile is noted, too', async () => {
    const held = Promise.withResolvers<undefined>();
    touch = () => held.promise;
    add('a');
    await clock.advance(GATHER_MS);
    add('b');
    const stopped = queue.stop();
    await settle();
    expect(touched).toEqual(['a']);
    held.resolve(undefined);
    await stopped;
    expect(touched).toEqual(['a', 'b']);
    expect(clock.pending).toEqual([]);
  });

  test('nothing more is noted', async () => {
    await queue.stop();
    add('late');
    await clock.advance(2 * GATHER_MS);
    expect(touched).toEqual([]);
    expect(clock.pending).toEqual([]);
  });
});
