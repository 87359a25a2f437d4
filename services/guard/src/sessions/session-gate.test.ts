import { type Provenance, type Session, SessionError } from '@sekisho/sessions';
import { beforeEach, describe, expect, test } from 'vitest';
import { createSessionGate, type SessionGate } from './session-gate.ts';

const [FRESH_MS, STALE_MS, RETRY_MS, TOUCH_MS] = [30_000, 300_000, 1_000, 60_000];
const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

let now: number;
let reads: string[];
let asked: (Provenance | undefined)[];
let touched: string[];
let failures: unknown[];
/** What a read finds. */
let read: (id: string) => Promise<Session | undefined>;
let gate: SessionGate;

beforeEach(() => {
  now = START;
  [reads, asked, touched, failures] = [[], [], [], []];
  read = async (id) => session(id);
  gate = createGate();
});

function createGate(maxEntries?: number): SessionGate {
  return createSessionGate({
    sessions: {
      get(userId, id, from) {
        reads.push(id);
        asked.push(from);
        return read(id).then((found) => (found?.userId === userId ? found : undefined));
      },
    },
    touches: { add: (_, id) => void touched.push(id), stop: async () => undefined },
    clock: () => new Date(now),
    monotonic: () => now - START,
    ...{ freshMs: FRESH_MS, maxStalenessMs: STALE_MS },
    ...(maxEntries !== undefined && { maxEntries }),
    onUnavailable: (error) => void failures.push(error),
  });
}

function session(id: string, more: Partial<Session> = {}): Session {
  const times = { createdAt: START, lastAccessedAt: now, expiresAt: START + DAY_MS };
  return { id, userId: 'alice', device: {}, fingerprint: 'f', ...times, ...more };
}

const check = async (id = 's', userId = 'alice') => (await gate.check({ id, userId })).state;
const away = () => Promise.reject(new Error('away'));

describe('a session', () => {
  test('is read once, and then answered for without waiting until it is no longer fresh', async () => {
    expect(await check()).toBe('alive');
    now += FRESH_MS - 1;
    expect(gate.check({ id: 's', userId: 'alice' })).toMatchObject({ state: 'alive', known: { session: { id: 's' } } });
    now += 1;
    expect(await check()).toBe('alive');
    expect(reads).toHaveLength(2);
  });

  test('is read once for all requests that come together', async () => {
    const states = await Promise.all([check(), check(), check()]);
    expect(states).toEqual(['alive', 'alive', 'alive']);
    expect(reads).toHaveLength(1);
  });

  test('that is gone is over, and read again the next time', async () => {
    read = async () => undefined;
    expect(await check()).toBe('over');
    expect(gate.size).toBe(0);
    expect(await check()).toBe('over');
    expect(reads).toHaveLength(2);
  });

  test('is not taken for alive past its end, however fresh it is', async () => {
    read = async (id) => session(id, { expiresAt: START + 5_000 });
    await check();
    now += 5_000;
    read = async () => undefined;
    expect(await check()).toBe('over');
  });

  test('of somebody else is none, though it is known', async () => {
    await check();
    expect(await check('s', 'mallory')).toBe('over');
    expect(reads).toHaveLength(2);
  });

  test('that is forgotten is read again', async () => {
    await check();
    gate.forget('s');
    read = async () => undefined;
    expect(await check()).toBe('over');
  });

  test('keeps what requests found out about it when it is read again', async () => {
    const state = await gate.check({ id: 's', userId: 'alice' });
    if (state.state === 'alive') state.known.comparedAgent = 'Browser/1';
    now += FRESH_MS;
    expect(await gate.check({ id: 's', userId: 'alice' })).toMatchObject({ known: { comparedAgent: 'Browser/1' } });
  });
});

describe('its use', () => {
  test('is noted at most once a minute, counted from what the store knows', async () => {
    await check();
    expect(touched).toEqual([]);
    for (let passed = 0; passed < 3 * TOUCH_MS; passed += 10_000) {
      now += 10_000;
      read = async (id) => session(id, { lastAccessedAt: START });
      await check();
    }
    expect(touched).toEqual(['s', 's', 's']);
  });

  test('is noted at once where the store says that it is due', async () => {
    read = async (id) => session(id, { lastAccessedAt: START - TOUCH_MS });
    await check();
    expect(touched).toEqual(['s']);
  });
});

describe('a session that may have begun in another region, which could not tell', () => {
  const untold = () => Promise.reject(new SessionError('session_untold', 'it may live'));

  test('is unknown, which is no outage, and is asked for again by the next request', async () => {
    read = untold;
    expect(await check()).toBe('unknown');
    expect(failures).toEqual([]);
    read = async (id) => session(id);
    expect(await check()).toBe('alive');
  });

  test('is asked for by what the token says of its origin', async () => {
    const from: Provenance = { kid: 'tokyo.k', iat: START / 1000 };
    await gate.check({ id: 's', userId: 'alice', from });
    expect(asked).toEqual([from]);
  });

  test('is not over because its use could not be noted', async () => {
    await check();
    gate.forget('s');
    read = untold;
    expect(await check()).toBe('unknown');
  });
});

describe('while the store is away', () => {
  test('a session that was never seen is unknown, which is told', async () => {
    read = away;
    expect(await check()).toBe('unknown');
    expect(failures).toEqual([new Error('away')]);
  });

  test('one that was seen is alive for as long as knowledge may be old', async () => {
    await check();
    read = away;
    now += STALE_MS - 1;
    expect(await check()).toBe('alive');
    now += RETRY_MS;
    expect(await check()).toBe('unknown');
  });

  test('the store is asked for one session once a second', async () => {
    await check();
    read = away;
    now += FRESH_MS;
    for (let tenth = 0; tenth < 10; tenth += 1) {
      await check();
      now += RETRY_MS / 10;
    }
    expect(reads).toHaveLength(2);
    await check();
    expect(reads).toHaveLength(3);
  });

  test('one that is at its end is not alive any more', async () => {
    read = async (id) => session(id, { expiresAt: START + FRESH_MS });
    await check();
    read = away;
    now += FRESH_MS;
    expect(await check()).toBe('unknown');
  });

  test('what is over is learnt when it is back', async () => {
    await check();
    read = away;
    now += FRESH_MS;
    await check();
    now += RETRY_MS;
    read = async () => undefined;
    expect(await check()).toBe('over');
  });
});

test('no more sessions are remembered than there is room for: who was read longest ago goes', async () => {
  gate = createGate(2);
  for (const id of ['a', 'b', 'c']) await check(id);
  expect(gate.size).toBe(2);
  reads = [];
  await check('b');
  await check('c');
  expect(reads).toEqual([]);
  await check('a');
  expect(reads).toEqual(['a']);
});
