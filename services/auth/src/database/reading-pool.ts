import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { PrimaryBreaker } from './primary-breaker.ts';

export interface ReadingPoolOptions {
  readonly primary: PostgresPool;
  readonly replica: PostgresPool;
  readonly breaker: PrimaryBreaker;
  /** Asked of each connection to the replica before the statement: rejects where that is not to be read. @default it always is */
  readonly believe?: (replica: PostgresPoolClient) => Promise<void>;
}

/** Only what reads can be asked twice, and in two places. */
const READS = /^\s*select\b/i;

/**
 * Connections for single statements that read: each is asked of whichever side the breaker says. It ends neither pool.
 */
export function readingPool({ primary, replica, breaker, believe }: ReadingPoolOptions): PostgresPool {
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== 'string' || !READS.test(text)) throw new TypeError('only what reads may be asked of a replica');
    const ask = (client: PostgresPoolClient) => client.query(text, parameters);
    return breaker.ask({
      primary: () => withClient(primary, ask),
      replica: () =>
        withClient(replica, async (client) => {
          await believe?.(client);
          return ask(client);
        }),
    });
  }
  return {
    connect: async (): Promise<PostgresPoolClient> => ({ query, release: () => undefined }),
    end: async () => undefined,
    options: primary.options,
  };
}

export async function withClient<T>(pool: PostgresPool, ask: (client: PostgresPoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await ask(client);
  } finally {
    client.release();
  }
}
