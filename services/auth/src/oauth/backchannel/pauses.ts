import { backoffMs, type Clock, type Random } from '@sekisho/kube';

/** Applications that cannot be reached are left alone for a while: what they owe an answer to must not hold up the others. */
export interface Pauses {
  /** Milliseconds until an application may be tried, 0 for now. */
  remaining(clientId: string): number;
  /** Notes a failure. @returns milliseconds until the next try */
  begin(clientId: string): number;
  end(clientId: string): void;
}

interface Pause {
  readonly failures: number;
  /** By the monotonic clock. */
  readonly until: number;
}

export const RETRY_BOUNDS = { baseMs: 1_000, maxMs: 10 * 60_000 };
/** Far more than there are applications. */
const MAX_PAUSES = 10_000;

export function createPauses(clock: Pick<Clock, 'monotonic'>, random: Random): Pauses {
  const pauses = new Map<string, Pause>();
  return {
    remaining: (clientId) => Math.max(0, (pauses.get(clientId)?.until ?? 0) - clock.monotonic()),
    begin(clientId) {
      const failures = (pauses.get(clientId)?.failures ?? 0) + 1;
      const delay = backoffMs(failures, RETRY_BOUNDS, random);
      if (pauses.size >= MAX_PAUSES) pauses.clear();
      pauses.set(clientId, { failures, until: clock.monotonic() + delay });
      return delay;
    },
    end: (clientId) => void pauses.delete(clientId),
  };
}
