import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The service as it is deployed: a process with an environment, a log and an exit code. */
export class ServiceProcess {
  readonly lines: LogLine[] = [];
  readonly exited: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  readonly #child: ChildProcess;

  constructor(environment: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line)));
    this.exited = once(child, 'close').then(() => [child.exitCode, child.signalCode] as const);
  }

  /** Where it listens for the public; undefined until it does. */
  get origin(): string | undefined {
    if (!this.said('listening')) return undefined;
    const told = this.lines.map(({ msg }) => /^Server listening at (http:\S+)$/.exec(String(msg))?.[1]);
    return told.find((origin) => origin !== undefined);
  }

  said(message: string): boolean {
    return this.lines.some(({ msg }) => msg === message);
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
