import { waitFor } from '../mesh/wait.ts';

const TIMEOUT_MS = 60_000;

/** The first answer that is a decision: where the machine stands still for 250 ms, Envoy says 503 in the guard's stead. */
export async function decided<T>(ask: () => Promise<T>, isUnavailable: (answer: T) => boolean): Promise<T> {
  const attempt = async () => {
    const answer = await ask();
    return isUnavailable(answer) ? undefined : { answer };
  };
  return (await waitFor('the guard decides', attempt, { timeout: TIMEOUT_MS })).answer;
}
