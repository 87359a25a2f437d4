import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { MESH_MARK } from '../mesh/proc.ts';
import { SURVIVES_A_KILL, startPostgres, startReplicated } from './postgres.ts';

/** A program that a test forks for a PostgreSQL that it may kill and freeze, and that ends with the channel to the test. */
export interface PostgresOrder {
  /** Of the test run, which ends and removes what is left below it. */
  readonly folder: string;
  /** With a streaming replica. @default false */
  readonly replicated?: boolean;
}

/** What it is sent, of the primary if there are two; each is answered by itself when it is done. */
export type PostgresCommand = 'freeze' | 'thaw' | 'kill' | 'start';

/** What it tells first, when the server takes connections. */
export interface PostgresServing {
  readonly url: string;
  /** Empty where there is no replica. */
  readonly replicaUrl: string;
}

async function start({ folder: run, replicated = false }: PostgresOrder) {
  const folder = join(await mkdtemp(join(run, 'postgres-')), 'server');
  const env = { [MESH_MARK]: run };
  if (replicated) return startReplicated(folder, env, SURVIVES_A_KILL);
  return { ...(await startPostgres(folder, env, SURVIVES_A_KILL)), replicaUrl: '' };
}

async function main(order: PostgresOrder): Promise<void> {
  const postgres = await start(order);
  process.once('disconnect', async () => {
    postgres.thaw();
    await postgres.stop();
    process.exit(0);
  });
  process.on('message', async (command: PostgresCommand) => {
    await postgres[command]();
    process.send?.(command);
  });
  const { url, replicaUrl } = postgres;
  process.send?.({ url, replicaUrl } satisfies PostgresServing);
}

await main(JSON.parse(process.argv[2] ?? ''));
