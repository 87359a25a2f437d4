import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 15;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of either stream as it comes. */
  readonly onLine?: (line: string) => void;
  /** Interrupts the command and what it started. */
  readonly signal?: AbortSignal;
}

/** What a finished command left: its exit code (-1: it could not start, or a signal ended it) and output. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of both streams, for an error message. */
  readonly tail: string;
}

/**
 * Runs a command to its end; a program that is missing is `code: -1` with the reason in `tail`.
 * @throws the signal's reason, once the interrupted command has ended
 */
export async function run(file: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  // With a signal in a group of its own: a Ctrl-C at the terminal comes as an abort then, not as a failure of the command.
  const child = spawn(file, args, {
    detached: options.signal !== undefined,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
  });
  const interrupt = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGINT');
  };
  options.signal?.addEventListener('abort', interrupt);
  const result = await ended(child, options.onLine);
  options.signal?.removeEventListener('abort', interrupt);
  options.signal?.throwIfAborted();
  return result;
}

function ended(
  child: ChildProcessByStdio<null, Readable, Readable>,
  onLine?: (line: string) => void,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const out: string[] = [];
    const tail: string[] = [];
    const take = (line: string): void => {
      tail.push(line);
      if (tail.length > KEPT_LINES) tail.shift();
      onLine?.(line);
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
