import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@sekisho/test-e2e/mesh';
import { cpuSeconds } from './cpu.ts';

export interface ServerOptions {
  readonly main: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** What answers 2xx once it serves. */
  readonly readyUrl: string;
  /** Where its standard output goes: to a file, as it would in a container. */
  readonly log: string;
  /** @default none */
  readonly args?: readonly string[];
  /** Of Node itself. @default none */
  readonly nodeArgs?: readonly string[];
}

/** For a server that is asked for its heap. */
export const HEAP_PROBE = ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')];

/** A server under measurement, in a process of its own: its CPU time is the server's, and nothing of the load's. */
export class ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number, url: string) {
    this.#child = child;
    this.pid = pid;
    this.url = url;
  }

  /** Resolves when it is ready. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { main, env, url, readyUrl, log, args = [], nodeArgs = [] } = options;
    const output = openSync(log, 'a');
    const child = spawn(process.execPath, [...nodeArgs, main, ...args], {
      env,
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error(`${main} did not start`);
    await waitFor(`${main} is ready (see ${log})`, async () => (await fetch(readyUrl)).ok, { timeout: 60_000 });
    return new ServerProcess(child, child.pid, url);
  }

  /** Seconds of CPU since it started. */
  cpuSeconds(): number {
    return cpuSeconds(this.pid);
  }

  /** Bytes of the JavaScript heap that are still reachable; of a process that was started with HEAP_PROBE. */
  async retainedHeap(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('heap');
    return Number((await answer)[0]);
  }

  /** Bytes of memory that the process takes (proc(5), `VmRSS`). */
  residentBytes(): number {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1024;
  }

  /** Ends it as a rollout would. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
