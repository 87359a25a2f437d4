import { TelemetryError } from './errors.ts';
import type { Logger } from './log.ts';
import { afterRunning } from './running-time.ts';

/** What this module needs of `process`. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

export interface Closer {
  /** For the log. */
  readonly name: string;
  readonly close: () => Promise<unknown>;
}

export interface ShutdownOptions {
  readonly process: SignalSource;
  readonly log: Logger;
  /** Run one after the other, in this order: first what takes new work, last what that work needs. */
  readonly closers: readonly Closer[];
  /** Time that this process runs, for all closers together; keep it under the pod's terminationGracePeriodSeconds. @default 10000 */
  readonly deadlineMs?: number;
}

/**
 * SIGTERM or SIGINT runs the closers once and exits: 0 when all went well, 1 when one failed or the time was over.
 * Further signals change nothing (a terminal's Ctrl-C and a supervisor's SIGTERM often arrive together).
 */
export function onSignals(options: ShutdownOptions): void {
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    options.log.info({ signal }, 'stopping');
    const clean = await closeAll(options);
    options.log.info({ clean }, 'stopped');
    options.process.exit(clean ? 0 : 1);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) options.process.on(signal, () => void stop(signal));
}

/** A closer that fails does not keep the next from running. Never rejects. */
async function closeAll({ closers, log, deadlineMs = 10_000 }: ShutdownOptions): Promise<boolean> {
  const deadline = rejectAfter(deadlineMs);
  let clean = true;
  for (const { name, close } of closers) {
    try {
      await Promise.race([close(), deadline.promise]);
    } catch (err) {
      clean = false;
      log.error({ closer: name, err }, 'closing failed');
    }
  }
  deadline.clear();
  return clean;
}

function rejectAfter(ms: number): { promise: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const expire = () => reject(new TelemetryError('shutdown_timeout', `closing took longer than ${ms} ms`));
  const clear = afterRunning(ms, expire);
  promise.catch(() => undefined); // observed by each race; this only keeps an unraced rejection quiet
  return { promise, clear };
}

/** What `failStart` needs of `process`. */
export interface FailingProcess {
  readonly stderr: { write(text: string): unknown };
  exit(code: number): void;
}

/**
 * Ends a process that could not start. An error with a stable code (wrong configuration, port in use) is told
 * in one message; anything else is a defect and shows its stack.
 */
export function failStart(name: string, error: unknown, process: FailingProcess): void {
  process.stderr.write(`${name}: ${describe(error)}\n`);
  process.exit(1);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'start failed';
  return isExpected(error) ? reasons(error).join(': ') : (error.stack ?? error.message);
}

/** Node's own ERR_* codes tell of a wrong argument, so of a defect; ours and those of the system do not. */
function isExpected(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_');
}

const MAX_CAUSES = 4;

/** What failed, and why, and why that. An AggregateError of a connection has no message of its own, only a code. */
function reasons(error: Error): string[] {
  const found: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && found.length < MAX_CAUSES) {
    found.push(current.message || ('code' in current ? String(current.code) : current.name));
    current = current.cause;
  }
  return found;
}
