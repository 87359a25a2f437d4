import { rmSync, writeFileSync } from 'node:fs';
import type { Toolchain } from '../toolchain/index.ts';
import { Addresses } from './addresses.ts';
import { assemble } from './assemble.ts';
import { meshPaths } from './paths.ts';
import { identify } from './proc.ts';
import { Supervisor } from './supervisor.ts';

const LOG_CHECK_MS = 60_000;

/** What `launcher.ts` asks for: the daemon's only argument, in JSON. */
export interface DaemonOrder {
  readonly tools: Toolchain;
  /** Whether the mesh outlives the process that launched it. */
  readonly keep: boolean;
}

/** What the daemon says to the process that launched it, over Node's IPC channel. */
export type DaemonMessage =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

/**
 * The process that owns a running mesh: it starts everything, stays as the supervisor, and stops exactly what it started: on SIGTERM, when it
 * fails itself, and when its launcher is gone (however that ended) before the mesh was ready or without wanting it kept.
 */
async function main({ tools, keep }: DaemonOrder): Promise<void> {
  const paths = meshPaths();
  const supervisor = new Supervisor(paths.processes, paths.folder);
  let ready = false;
  const stop = async (code: number): Promise<void> => {
    rmSync(paths.mesh, { force: true });
    await supervisor.stop().catch(console.error);
    rmSync(paths.daemon, { force: true });
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  process.on('disconnect', () => {
    if (!(ready && keep)) void stop(0);
  });
  process.on('uncaughtException', (error) => {
    console.error(error);
    void stop(1);
  });
  if (!process.connected) return; // the launcher went while this file was loaded
  writeFileSync(paths.daemon, JSON.stringify(identify(process.pid)));
  try {
    const context = { folder: paths.folder, logs: paths.logs, addresses: new Addresses(paths.folder) };
    const info = await assemble(tools, supervisor, context, (line) => say({ type: 'progress', line }));
    writeFileSync(paths.mesh, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
    ready = true;
    setInterval(() => supervisor.boundLogs(), LOG_CHECK_MS);
    say({ type: 'ready' });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    await stop(1);
  }
}

/** Both to the log (stdout) and to the launcher; a launcher that is just leaving is told in vain, which `disconnect` deals with. */
function say(message: DaemonMessage): void {
  console.log(message.type === 'progress' ? message.line : message.type === 'failed' ? message.message : 'ready');
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

await main(JSON.parse(process.argv[2] ?? '{}') as DaemonOrder);
