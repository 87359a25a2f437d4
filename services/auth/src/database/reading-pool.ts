import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { PrimaryBreaker } from './primary-breaker.ts';

export interface ReadingPoolOptions {
  readonly primary: PostgresPool;
  readonly replica: PostgresPool;
  readonly breaker: PrimaryBreaker;
}

/** Only what reads can be asked twice, and in two places. */
const READS = /^\s*select\b/i;

/**
 * Connections for single statements that read: each is asked of whichever side the breaker says. It ends neither pool.
 */
export function readingPool({ primary, replica, breaker }: ReadingPoolOptions): PostgresPool {
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== 'string' || !READS.test(text)) throw new TypeError('only what reads may be asked of a replica');
    const of = (pool: PostgresPool) => () => askOnce(pool, text, parameters);
    return breaker.ask({ primary: of(primary), replica: of(replica) });
  }
  return {
    connect: async (): Promise<PostgresPoolClient> => ({ query, release: () => undefined }),
    end: async () => undefined,
    options: primary.options,
  };
}

async function askOnce(pool: PostgresPool, text: string, parameters: readonly unknown[]): Promise<unknown> {
  const client = await pool.connect();
  try {
    return await client.query(text, parameters);
  } finally {
    client.release();
  }
}
