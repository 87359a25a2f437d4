import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../mesh/wait.ts';
import { type Call, call, outcome } from './http.ts';

const IN_A_ROW = 3;

/**
 * Repeats a request until it answers `wanted` several times in a row, and answers what came last.
 * After a change Envoy's pooled connections to a workload each serve one more request under the old policy, so neither the first old nor the
 * first new answer is the end.
 * @param timeout milliseconds
 */
export async function settle(url: string, options: Call, wanted: string, timeout = 60_000): Promise<string> {
  let last = '';
  const same = async (): Promise<boolean> => {
    for (let times = 0; times < IN_A_ROW; times += 1) {
      last = await call(url, options).then(outcome, (error: unknown) => `no answer: ${String(error)}`);
      if (last !== wanted) return false;
      await delay(20);
    }
    return true;
  };
  await waitFor(wanted, same, { timeout }).catch(() => undefined);
  return last;
}

/** Repeats a request for `duration` milliseconds; answers `wanted`, or the first answer that is another. For what a change must not touch. */
export async function stays(url: string, options: Call, wanted: string, duration = 1_000): Promise<string> {
  const end = performance.now() + duration;
  while (performance.now() < end) {
    const answer = outcome(await call(url, options));
    if (answer !== wanted) return answer;
    await delay(20);
  }
  return wanted;
}
