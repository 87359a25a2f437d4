import { createWriteStream, rmSync, writeFileSync } from 'node:fs';
import type { Toolchain } from '../toolchain/index.ts';
import { Addresses } from './addresses.ts';
import { assemble } from './assemble.ts';
import { meshPaths } from './paths.ts';
import { identify } from './proc.ts';
import { Supervisor } from './supervisor.ts';

/** What the daemon says to the process that launched it, over Node's IPC channel. */
export type DaemonMessage =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

/**
 * The process that owns a running mesh: it starts everything, stays as the supervisor, and on SIGTERM stops exactly what it started.
 * `launcher.ts` starts it detached with the toolchain as its only argument.
 */
async function main(tools: Toolchain): Promise<void> {
  const paths = meshPaths();
  const output = createWriteStream(paths.output, { flags: 'a' });
  const supervisor = new Supervisor(paths.processes, paths.folder);
  writeFileSync(paths.daemon, JSON.stringify(identify(process.pid)));
  const say = (message: DaemonMessage): void => {
    if (message.type !== 'ready') output.write(`${message.type === 'progress' ? message.line : message.message}\n`);
    if (process.connected) process.send?.(message);
  };
  const stop = async (code: number): Promise<void> => {
    rmSync(paths.mesh, { force: true });
    await supervisor.stop();
    rmSync(paths.daemon, { force: true });
    process.exit(code);
  };
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  try {
    const context = { folder: paths.folder, logs: paths.logs, addresses: new Addresses(paths.folder) };
    const info = await assemble(tools, supervisor, context, (line) => say({ type: 'progress', line }));
    writeFileSync(paths.mesh, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
    say({ type: 'ready' });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    await stop(1);
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as Toolchain);
