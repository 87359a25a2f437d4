import { setTimeout as sleep } from 'node:timers/promises';

const PAUSES_MS = { first: 5, longest: 50 };

/** Resolves when `check` does with true; a server that does not answer yet is not there yet. */
export async function until(what: string, check: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  let failure: unknown;
  for (let pauseMs = PAUSES_MS.first; performance.now() < end; pauseMs = Math.min(2 * pauseMs, PAUSES_MS.longest)) {
    try {
      if (await check()) return;
    } catch (error) {
      failure = error;
    }
    await sleep(pauseMs);
  }
  throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: failure });
}

/** As a client would, that tries again until it is answered and not refused: a slow machine is not what is tested. */
export async function patiently<T>(what: () => T | Promise<T>): Promise<T> {
  let result: { readonly done: T } | undefined;
  await until('it succeeds', async () => {
    result = { done: await what() };
    return true;
  });
  if (result === undefined) throw new Error('it succeeded');
  return result.done;
}
