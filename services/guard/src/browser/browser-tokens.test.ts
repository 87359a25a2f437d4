import { describe, expect, test } from 'vitest';
import { type BrowserTokensOptions, createBrowserTokens } from './browser-tokens.ts';
import type { Exchanged } from './exchange-cookie.ts';

/** An auth service whose answers are given one by one. */
function setUp(options: Partial<BrowserTokensOptions> = {}) {
  const time = { now: 0 };
  const asked: { cookie: string; answer: (exchanged?: Exchanged) => void; fail: (error: Error) => void }[] = [];
  const told: unknown[] = [];
  const tokens = createBrowserTokens({
    exchange: (cookie) => new Promise((resolve, reject) => asked.push({ cookie, answer: resolve, fail: reject })),
    monotonic: () => time.now,
    onExchange: (state) => void told.push(state),
    ...options,
  });
  const held = async (cookie: string, token: string) => {
    const found = tokens.tokenOf(cookie);
    asked.at(-1)?.answer({ token, expiresIn: 900 });
    return found;
  };
  return { tokens, time, asked, told, held };
}

const token = (text: string) => ({ state: 'token', token: text });
const OVER = { state: 'over' };
const UNKNOWN = { state: 'unknown' };

describe('a cookie', () => {
  test('is asked about once, by however many come together, and then is held', async () => {
    const { tokens, asked } = setUp();
    const together = [tokens.tokenOf('a'), tokens.tokenOf('a')];
    asked[0]?.answer({ token: 't1', expiresIn: 900 });
    expect(await Promise.all(together)).toEqual([token('t1'), token('t1')]);
    expect(tokens.tokenOf('a')).toEqual(token('t1'));
    expect([asked.length, tokens.size]).toEqual([1, 1]);
  });

  test('has another token from three quarters of the life of the first, and nobody waits for it', async () => {
    const { tokens, time, asked, held } = setUp();
    await held('a', 't1');
    time.now = 674_999;
    expect([tokens.tokenOf('a'), asked.length]).toEqual([token('t1'), 1]);
    time.now = 675_000;
    expect([tokens.tokenOf('a'), tokens.tokenOf('a'), asked.length]).toEqual([token('t1'), token('t1'), 2]);
    asked[1]?.answer({ token: 't2', expiresIn: 900 });
    await expect.poll(() => tokens.tokenOf('a'), { timeout: 30_000 }).toEqual(token('t2'));
  });

  test('goes on with its token while the auth service is away, until that ends', async () => {
    const { tokens, time, asked, told, held } = setUp();
    await held('a', 't1');
    time.now = 700_000;
    expect(tokens.tokenOf('a')).toEqual(token('t1'));
    asked[1]?.fail(new Error('away'));
    await expect.poll(() => told, { timeout: 30_000 }).toEqual(['token', 'unknown']);
    expect([tokens.tokenOf('a'), asked.length]).toEqual([token('t1'), 2]);
    time.now = 701_000;
    expect([tokens.tokenOf('a'), asked.length]).toEqual([token('t1'), 3]);
    asked[2]?.fail(new Error('away'));
    await expect.poll(() => told.length, { timeout: 30_000 }).toBe(3);
    time.now = 900_000;
    const ended = tokens.tokenOf('a');
    asked[3]?.fail(new Error('away'));
    expect(await ended).toEqual(UNKNOWN);
  });

  test('whose session turns out to be over at a renewal is over', async () => {
    const { tokens, time, asked, told, held } = setUp();
    await held('a', 't1');
    time.now = 700_000;
    tokens.tokenOf('a');
    asked[1]?.answer(undefined);
    await expect.poll(() => told.length, { timeout: 30_000 }).toBe(2);
    expect([tokens.tokenOf('a'), tokens.size]).toEqual([OVER, 0]);
  });

  test('that stands for nothing is not asked about again for five seconds', async () => {
    const { tokens, time, asked } = setUp();
    const first = tokens.tokenOf('a');
    asked[0]?.answer(undefined);
    expect(await first).toEqual(OVER);
    time.now = 4_999;
    expect([tokens.tokenOf('a'), asked.length]).toEqual([OVER, 1]);
    time.now = 5_000;
    const again = tokens.tokenOf('a');
    asked[1]?.answer({ token: 't1', expiresIn: 900 });
    expect(await again).toEqual(token('t1'));
  });

  test('of many more than are asked about at once has to come again', async () => {
    const { tokens, asked } = setUp({ maxInFlight: 1 });
    const first = tokens.tokenOf('a');
    expect(await tokens.tokenOf('b')).toEqual(UNKNOWN);
    asked[0]?.answer({ token: 't1', expiresIn: 900 });
    await first;
    const second = tokens.tokenOf('b');
    asked[1]?.answer(undefined);
    expect(await second).toEqual(OVER);
  });

  test('that a token is held for has another one, however many of nobody are asked about', async () => {
    const { tokens, time, asked, held } = setUp({ maxInFlight: 1 });
    await held('a', 't1');
    void tokens.tokenOf('of nobody');
    time.now = 900_000;
    const ended = tokens.tokenOf('a');
    asked[2]?.answer({ token: 't2', expiresIn: 900 });
    expect(await ended).toEqual(token('t2'));
    expect(await tokens.tokenOf('of nobody else')).toEqual(UNKNOWN);
    expect(asked.map(({ cookie }) => cookie)).toEqual(['a', 'of nobody', 'a']);
  });

  test('is forgotten when there are too many', async () => {
    const { tokens, asked, held } = setUp({ maxTokens: 1 });
    await held('a', 't1');
    await held('b', 't2');
    void tokens.tokenOf('a');
    expect(asked.map(({ cookie }) => cookie)).toEqual(['a', 'b', 'a']);
  });
});

describe('a token that is not accepted', () => {
  test('has another one in its place, once', async () => {
    const { tokens, time, asked, held } = setUp();
    await held('a', 't1');
    time.now = 1_000;
    const both = [tokens.renewed('a', 't1'), tokens.renewed('a', 't1')];
    asked[1]?.answer({ token: 't2', expiresIn: 900 });
    expect(await Promise.all(both)).toEqual([token('t2'), token('t2')]);
    expect([tokens.renewed('a', 't1'), asked.length]).toEqual([token('t2'), 2]);
  });

  test('has none in its place within a second, whether that succeeded or not', async () => {
    const { tokens, time, asked, held } = setUp();
    await held('a', 't1');
    expect([tokens.renewed('a', 't1'), asked.length]).toEqual([UNKNOWN, 1]);
    time.now = 1_000;
    const failed = tokens.renewed('a', 't1');
    asked[1]?.fail(new Error('away'));
    expect(await failed).toEqual(UNKNOWN);
    expect([tokens.renewed('a', 't1'), asked.length]).toEqual([UNKNOWN, 2]);
  });

  test('of a session that is over has none', async () => {
    const { tokens, time, asked, held } = setUp();
    await held('a', 't1');
    time.now = 1_000;
    const renewed = tokens.renewed('a', 't1');
    asked[1]?.answer(undefined);
    expect(await renewed).toEqual(OVER);
    expect(tokens.renewed('a', 't1')).toEqual(OVER);
  });
});
