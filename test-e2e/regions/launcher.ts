import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MeshError } from '../mesh/launcher.ts';
import { ensureToolchain, ensureToxiproxy } from '../toolchain/index.ts';
import type { DaemonCommand, DaemonMessage, DaemonOrder } from './daemon.ts';
import { Lines } from './lines.ts';
import type { RegionsInfo } from './regions-info.ts';

/** Two regions that run as processes of this machine until they are disposed of, or this process ends, however it does. */
export interface Regions extends AsyncDisposable {
  readonly info: RegionsInfo;
  readonly lines: Lines;
  /** Kills a process by its name in `processes.json`, and keeps it down until `up`. */
  down(name: string): Promise<void>;
  /** Resolves when it serves. */
  up(name: string): Promise<void>;
}

export interface StartOptions {
  /** Ends the start and whatever it started. */
  readonly signal?: AbortSignal;
  /** How old what a region knows of the other one's revocations may be: in earnest a quarter of an hour. @default 15 */
  readonly maxStalenessSeconds?: number;
}

/** @throws MeshError with the last log lines of what does not start; ToolchainError; the signal's reason */
export async function startRegions(
  report: (line: string) => void,
  { signal, maxStalenessSeconds = 15 }: StartOptions = {},
): Promise<Regions> {
  const tools = {
    ...(await ensureToolchain(process.env, report, signal)),
    toxiproxy: await ensureToxiproxy(process.env, report, signal),
  };
  const order: DaemonOrder = { tools, maxStalenessSeconds };
  // In a session of its own: a Ctrl-C comes as the end of its launcher's wish, and it stops in order.
  const daemon = fork(join(import.meta.dirname, 'daemon.ts'), [JSON.stringify(order)], {
    detached: true,
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const stop = async (): Promise<void> => {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, 'exit');
    if (daemon.connected) daemon.disconnect();
    await exited;
  };
  try {
    const info = await ready(daemon, report, signal);
    return { info, lines: new Lines(info.lines), ...commands(daemon), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ready(daemon: ChildProcess, report: (line: string) => void, signal?: AbortSignal): Promise<RegionsInfo> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    let failure = 'the supervisor of the regions ended';
    daemon.on('message', (message: DaemonMessage) => {
      if (message.type === 'progress') report(message.line);
      if (message.type === 'failed') failure = message.message;
      if (message.type === 'ready') resolve(message.info);
    });
    // One that failed stops first what it started.
    daemon.once('exit', () => reject(new MeshError(failure)));
    daemon.once('error', reject);
  });
}

function commands(daemon: ChildProcess): Pick<Regions, 'down' | 'up'> {
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let last = 0;
  daemon.on('message', (message: DaemonMessage) => {
    if (message.type !== 'done') return;
    const { id, failure } = message;
    if (failure === undefined) waiting.get(id)?.resolve();
    else waiting.get(id)?.reject(new MeshError(failure));
    waiting.delete(id);
  });
  daemon.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new MeshError('the supervisor of the regions has ended'));
  });
  const send = (does: DaemonCommand['does'], name: string): Promise<void> => {
    last += 1;
    const answer = Promise.withResolvers<void>();
    waiting.set(last, answer);
    daemon.send({ id: last, does, name } satisfies DaemonCommand);
    return answer.promise;
  };
  return { down: (name) => send('down', name), up: (name) => send('up', name) };
}
