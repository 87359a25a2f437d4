import { waitFor } from '../mesh/wait.ts';

const TIMEOUT_MS = 60_000;

/**
 * Asks until the answer is a decision: while the guard has not answered in the 250 ms that Envoy gives it, which a busy machine brings about,
 * Envoy says 503 in its stead, and the request went nowhere. After a minute answers what came last, for whoever compares it.
 * @throws what the last try threw, when none was answered
 */
export async function decided<T>(ask: () => Promise<T>, isUnavailable: (answer: T) => boolean): Promise<T> {
  let last: { readonly answer: T } | undefined;
  const attempt = async () => {
    last = { answer: await ask() };
    return isUnavailable(last.answer) ? undefined : last;
  };
  const known = (error: unknown) => last ?? Promise.reject(error);
  return (await waitFor('the guard decides', attempt, { timeout: TIMEOUT_MS }).catch(known)).answer;
}
