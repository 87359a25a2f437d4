import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const KEPT_LINES = 15;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of either stream as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What a finished command left: its exit code (-1: it could not start, or a signal ended it) and output. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of both streams, for an error message. */
  readonly tail: string;
}

/** Runs a command to its end. Never rejects: a program that is missing is `code: -1` with the reason in `tail`. */
export function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const out: string[] = [];
    const tail: string[] = [];
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const take = (line: string): void => {
      tail.push(line);
      if (tail.length > KEPT_LINES) tail.shift();
      options.onLine?.(line);
    };
    createInterface(child.stdout).on('line', (line) => {
      out.push(line);
      take(line);
    });
    createInterface(child.stderr).on('line', take);
    child.once('error', (error) => resolve({ code: -1, stdout: '', tail: error.message }));
    child.once('close', (code) => resolve({ code: code ?? -1, stdout: out.join('\n'), tail: tail.join('\n') }));
  });
}
