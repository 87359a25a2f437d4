import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import { endLeftovers } from '../mesh/leftovers.ts';
import { LOCAL } from '../mesh/paths.ts';
import { MESH_MARK } from '../mesh/proc.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import { SURVIVES_A_KILL, startReplicated } from '../setup/postgres.ts';
import { runFolder } from '../setup/run-folder.ts';
import { assemble, type RegionsTools } from './assemble.ts';
import type { RegionsInfo } from './regions-info.ts';

/** What the launcher orders: the only argument, in JSON. */
export interface DaemonOrder {
  readonly tools: RegionsTools;
  readonly maxStalenessSeconds: number;
}

/** What the launcher asks of it, beside ending it by closing the channel. */
export interface DaemonCommand {
  readonly id: number;
  /** `down` kills a process and keeps it down until `up`, which is answered when it serves. */
  readonly does: 'down' | 'up';
  readonly name: string;
}

export type DaemonMessage =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready'; readonly info: RegionsInfo }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done'; readonly id: number; readonly failure?: string };

/** A program that owns two regions: it starts everything, starts again what dies, and ends all of it with the channel to its launcher. */
async function main(order: DaemonOrder): Promise<void> {
  const folder = await runFolder(LOCAL);
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  const closers = [() => rm(folder, { recursive: true, force: true }), () => endLeftovers(folder)];
  let ending: Promise<void> | undefined;
  const end = (code: number): void => {
    ending ??= close(closers).then(() => process.exit(code));
  };
  process.on('disconnect', () => end(0));
  process.on('SIGTERM', () => end(0));
  process.on('uncaughtException', (error) => {
    console.error(error);
    end(1);
  });
  // The launcher may have gone while this file was loaded.
  if (!process.connected) return end(0);
  try {
    say({ type: 'ready', info: await start(order, { folder, supervisor, closers }) });
    process.on('message', (command: DaemonCommand) => void obey(supervisor, command));
  } catch (error) {
    if (ending === undefined) say({ type: 'failed', message: messageOf(error) });
    end(1);
  }
}

type Closer = () => Promise<unknown>;

async function close(closers: Closer[]): Promise<void> {
  for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next().catch(console.error);
}

interface Owned {
  readonly folder: string;
  readonly supervisor: Supervisor;
  readonly closers: Closer[];
}

async function start(order: DaemonOrder, { folder, supervisor, closers }: Owned): Promise<RegionsInfo> {
  const context = { folder, logs: join(folder, 'logs'), addresses: new Addresses(folder) };
  await mkdir(context.logs);
  const postgres = await startReplicated(join(folder, 'postgres'), { [MESH_MARK]: folder }, SURVIVES_A_KILL);
  closers.push(postgres.stop, () => supervisor.stop());
  if (postgres.url === '') throw new Error('two regions need PostgreSQL, which cannot be run here');
  const report = (line: string): void => say({ type: 'progress', line });
  const { url: postgresUrl, replicaUrl } = postgres;
  return assemble({ ...order, supervisor, context, postgresUrl, replicaUrl, report });
}

async function obey(supervisor: Supervisor, { id, does, name }: DaemonCommand): Promise<void> {
  try {
    await supervisor[does](name);
    say({ type: 'done', id });
  } catch (error) {
    say({ type: 'done', id, failure: messageOf(error) });
  }
}

/** A launcher that is just leaving is told in vain, which `disconnect` deals with. */
function say(message: DaemonMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main(JSON.parse(process.argv[2] ?? '{}') as DaemonOrder);
