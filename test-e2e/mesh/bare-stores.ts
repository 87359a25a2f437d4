import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres } from '../setup/postgres.ts';
import { runFolder } from '../setup/run-folder.ts';
import { ensureToolchain } from '../toolchain/index.ts';
import { Addresses } from './addresses.ts';
import { endLeftovers, killMarked } from './leftovers.ts';
import { LOCAL } from './paths.ts';
import { MESH_MARK } from './proc.ts';
import { valkey } from './stores.ts';
import { Supervisor } from './supervisor.ts';

/** The stores of the platform, and nothing else. */
export interface BareStores {
  readonly redisUrl: string;
  /** '' where no PostgreSQL can be run. */
  readonly postgresUrl: string;
  /** For files of the user; removed at the end. */
  readonly folder: string;
  /** What every process of the user must have in its environment, so that none outlives this one. */
  readonly mark: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts Valkey as the local mesh has it, and a throw-away PostgreSQL, in a folder of their own. */
export async function startBareStores(report: (line: string) => void): Promise<BareStores> {
  const tools = await ensureToolchain(process.env, report);
  const folder = await runFolder(LOCAL);
  const context = { folder, logs: join(folder, 'logs'), addresses: new Addresses(folder) };
  await mkdir(context.logs);
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  const mark = { [MESH_MARK]: folder };
  process.once('exit', () => killMarked(folder));
  const closers = [() => rm(folder, { recursive: true, force: true }), () => endLeftovers(folder)];
  const stop = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    closers.push(() => supervisor.stop());
    const redis = await valkey(tools.valkey, context);
    await supervisor.start(redis.spec);
    const postgres = await startPostgres(join(folder, 'postgres'), mark);
    closers.push(postgres.stop);
    return { redisUrl: redis.url, postgresUrl: postgres.url, folder, mark, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
