import type { PostgresPool } from 'kysely';
import { expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { PrimaryBreaker } from './primary-breaker.ts';
import { readingPool } from './reading-pool.ts';

/** Answers with its name, and counts the connections that are out. */
function fakePool(name: string, state: { isAway?: boolean } = {}) {
  const counts = { out: 0, asked: 0 };
  const query = async (text: unknown) => {
    counts.asked += 1;
    if (state.isAway) throw new Error('Query read timeout');
    return { command: 'SELECT' as const, rowCount: 1, rows: [{ name, text }] };
  };
  const pool: PostgresPool = {
    async connect() {
      counts.out += 1;
      const release = () => {
        counts.out -= 1;
      };
      return { query: query as never, release };
    },
    end: () => Promise.reject(new Error('not its own')),
    options: {},
  };
  return { pool, counts };
}

function setUp(believe?: () => Promise<void>) {
  const state = { isAway: false };
  const [primary, replica] = [fakePool('primary', state), fakePool('replica')];
  const breaker = new PrimaryBreaker({
    clock: { monotonic: () => 0 },
    ping: async () => undefined,
    onChange: () => undefined,
  });
  const sides = { primary: primary.pool, replica: replica.pool, breaker };
  return { state, primary, replica, pool: readingPool({ ...sides, ...(believe && { believe }) }) };
}

test('a statement that reads is asked of one side, and then of the other, and gives its connections back', async () => {
  const { state, primary, replica, pool } = setUp();
  const client = await pool.connect();
  expect((await client.query('\n select 1', [])).rows).toEqual([{ name: 'primary', text: '\n select 1' }]);
  state.isAway = true;
  expect((await client.query('SELECT 1', [])).rows).toMatchObject([{ name: 'replica' }]);
  client.release();
  expect([primary.counts.out, replica.counts.out]).toEqual([0, 0]);
  await pool.end();
});

test('a replica that is not believed is not read, the primary is not asked again, and the connections are given back', async () => {
  const refusal = new AuthError('unavailable', 'too old');
  const { state, primary, replica, pool } = setUp(() => Promise.reject(refusal));
  const client = await pool.connect();
  expect((await client.query('select 1', [])).rows).toMatchObject([{ name: 'primary' }]);
  state.isAway = true;
  await expect(client.query('select 1', [])).rejects.toBe(refusal);
  await expect(client.query('select 1', [])).rejects.toBe(refusal);
  expect([primary.counts, replica.counts]).toMatchObject([
    { out: 0, asked: 2 },
    { out: 0, asked: 0 },
  ]);
});

test.each(['begin', 'insert into users values (1)', 'update users set active = false', 'selection', ''])(
  'nothing else is asked: %s',
  async (text) => {
    const client = await setUp().pool.connect();
    expect(() => client.query(text, [])).toThrow(TypeError);
  },
);
