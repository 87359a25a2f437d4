import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { MESH_MARK } from '../mesh/proc.ts';
import { SURVIVES_A_KILL, startPostgres } from './postgres.ts';

/** A program that a test forks for a PostgreSQL that it may kill and freeze, and that ends with the channel to the test. */
export interface PostgresOrder {
  /** Of the test run, which ends and removes what is left below it. */
  readonly folder: string;
}

/** What it is sent; each is answered by itself when it is done. */
export type PostgresCommand = 'freeze' | 'thaw' | 'kill' | 'start';

/** What it tells first, when the server takes connections. */
export interface PostgresServing {
  readonly url: string;
}

async function main({ folder: run }: PostgresOrder): Promise<void> {
  const folder = await mkdtemp(join(run, 'postgres-'));
  const postgres = await startPostgres(join(folder, 'server'), { [MESH_MARK]: run }, SURVIVES_A_KILL);
  process.once('disconnect', async () => {
    postgres.thaw();
    await postgres.stop();
    process.exit(0);
  });
  process.on('message', async (command: PostgresCommand) => {
    await postgres[command]();
    process.send?.(command);
  });
  process.send?.({ url: postgres.url } satisfies PostgresServing);
}

await main(JSON.parse(process.argv[2] ?? ''));
