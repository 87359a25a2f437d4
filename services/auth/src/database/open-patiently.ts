import { type Clock, pause } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import { AuthError } from '../errors.ts';
import type { OpenDatabase } from './open.ts';

export interface Patience {
  /** Milliseconds for which a database that does not answer yet is asked again. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

const PAUSE_MS = 500;

/**
 * Opens a database that may come later than this process: whoever starts all at once cannot say what is first.
 * @throws AuthError `unavailable` when the time is over or the wait is ended; anything else at once
 */
export async function openPatiently(
  open: () => Promise<OpenDatabase>,
  { waitMs, signal, clock, log }: Patience,
): Promise<OpenDatabase> {
  const start = clock.monotonic();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (err) {
      const isAway = err instanceof AuthError && err.code === 'unavailable';
      if (!isAway || signal.aborted || clock.monotonic() - start >= waitMs) throw err;
      if (attempt === 1) log.warn({ err, waitMs }, 'waiting for the database');
    }
    await pause(clock, PAUSE_MS, signal);
  }
}
