import { FakeClock, settle } from '@sekisho/kube/testing';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { isAway } from './is-away.ts';
import { PrimaryBreaker } from './primary-breaker.ts';

function databaseError(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('refused', 1, 'error'), { code });
}

function setUp() {
  const clock = new FakeClock();
  const away = { primary: false, replica: false };
  const asked: string[] = [];
  const changes: boolean[] = [];
  const side = (name: 'primary' | 'replica') => async () => {
    asked.push(name);
    if (away[name]) throw new Error('timeout exceeded when trying to connect');
    return name;
  };
  const breaker = new PrimaryBreaker({
    clock,
    ping: async () => {
      asked.push('ping');
      if (away.primary) throw new Error('connection refused');
    },
    onChange: (answers) => void changes.push(answers),
  });
  const ask = () => breaker.ask({ primary: side('primary'), replica: side('replica') });
  /** What was asked since the last time. */
  const taken = () => asked.splice(0);
  return { clock, away, ask, taken, changes, breaker };
}

describe('questions to a primary and its replica', () => {
  test('go to the primary', async () => {
    const { ask, taken, changes } = setUp();
    expect(await ask()).toBe('primary');
    expect([taken(), changes]).toEqual([['primary'], []]);
  });

  test('go to the replica while the primary is away, and wait for it once only', async () => {
    const { away, ask, taken, changes } = setUp();
    away.primary = true;
    expect(await ask()).toBe('replica');
    expect(await ask()).toBe('replica');
    expect(taken()).toEqual(['primary', 'replica', 'replica']);
    expect(changes).toEqual([false]);
  });

  test('go back to the primary when it answers a ping, which nobody waits for', async () => {
    const { clock, away, ask, taken, changes } = setUp();
    away.primary = true;
    await ask();
    await clock.advance(999);
    await ask();
    taken();
    await clock.advance(1);
    expect(await ask()).toBe('replica');
    await ask();
    await settle();
    expect(taken()).toEqual(['ping', 'replica', 'replica']);
    away.primary = false;
    await clock.advance(1_000);
    expect(await ask()).toBe('replica');
    await settle();
    expect(await ask()).toBe('primary');
    expect(changes).toEqual([false, true]);
  });

  test('are told that it is away once, however many find out at the same time', async () => {
    const { away, ask, changes } = setUp();
    away.primary = true;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['replica', 'replica', 'replica']);
    expect(changes).toEqual([false]);
  });

  test('try the primary all the same where the replica is away, too', async () => {
    const { away, ask } = setUp();
    away.primary = true;
    await ask();
    away.replica = true;
    await expect(ask()).rejects.toThrow('timeout');
    away.primary = false;
    expect(await ask()).toBe('primary');
  });

  test('that are answered with a no are not asked again', async () => {
    const { breaker, changes } = setUp();
    const no = databaseError('42P01');
    const primary = () => Promise.reject(no);
    await expect(breaker.ask({ primary, replica: async () => 'replica' })).rejects.toBe(no);
    expect(changes).toEqual([]);
  });
});

test.each([
  ['57P01', true],
  ['57P03', true],
  ['57014', true],
  ['53300', true],
  ['08006', true],
  ['58030', true],
  ['28P01', false],
  ['42P01', false],
  ['23505', false],
  ['40001', false],
])('SQLSTATE %s means that the server is away: %s', (code, expected) => {
  expect(isAway(databaseError(code))).toBe(expected);
});

test('whatever is not of the server means that it is away', () => {
  expect(isAway(new Error('Query read timeout'))).toBe(true);
  expect(isAway(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe(true);
});
