import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';

/**
 * A pool that takes no connection back on which a statement got no answer: the server may still carry it out. After a
 * `begin` that came too late, everything that others did on the connection would be in a transaction that nobody commits.
 */
export function certainPool(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => certainClient(await pool.connect()),
    end: () => pool.end(),
    options: pool.options,
  };
}

function certainClient(client: pg.PoolClient): PostgresPoolClient {
  let isCertain = true;

  async function run(text: string, parameters: readonly unknown[]): Promise<unknown> {
    try {
      return await client.query(text, [...parameters]);
    } catch (error) {
      // Only an error of the server is an answer.
      if (!(error instanceof pg.DatabaseError)) isCertain = false;
      throw error;
    }
  }

  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new TypeError('no cursor is set up for this pool');
    return run(text, parameters);
  }

  return { query, release: (destroy) => client.release(destroy === true || !isCertain) };
}
