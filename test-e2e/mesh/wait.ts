import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds in all. */
  readonly timeout: number;
  /** Milliseconds between two tries. */
  readonly every?: number;
  readonly signal?: AbortSignal;
}

/** The condition did not hold in time; `cause` is what the last try threw. */
export class WaitError extends Error {
  override readonly name = 'WaitError';
}

/**
 * Tries until `attempt` answers something other than undefined or false, and answers that. A try that throws counts as "not yet".
 * @throws WaitError naming `what`
 */
export async function waitFor<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  options: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + options.timeout;
  let cause: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const answer = await attempt();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) throw new WaitError(`${what}: not within ${options.timeout / 1000} s`, { cause });
    await delay(options.every ?? 100, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** True when a GET of `url` answers 2xx. */
export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  await response.body?.cancel();
  return response.ok;
}
