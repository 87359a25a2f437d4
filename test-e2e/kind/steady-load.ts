import { setTimeout as delay } from 'node:timers/promises';

export interface SteadyLoad extends AsyncDisposable {
  /** How often each outcome was seen so far. */
  readonly seen: ReadonlyMap<string, number>;
  /** Waits until so many more requests were answered, whatever with. @throws Error when asking itself came to an end */
  more(count: number): Promise<void>;
}

const PAUSE_MS = 50;

/**
 * Asks again and again, one request at a time, until it is disposed of.
 * @param ask answers a short outcome, also for a request that was cut
 */
export function steadyLoad(ask: () => Promise<string>): SteadyLoad {
  const seen = new Map<string, number>();
  const stopped = new AbortController();
  let answered = 0;
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const outcome = await ask();
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      answered += 1;
      await delay(PAUSE_MS);
    }
  })();
  running.catch(() => undefined);
  const more = async (count: number): Promise<void> => {
    const target = answered + count;
    while (answered < target) await Promise.race([running, delay(PAUSE_MS)]);
  };
  const dispose = async (): Promise<void> => {
    stopped.abort();
    await running;
  };
  return { seen, more, [Symbol.asyncDispose]: dispose };
}
