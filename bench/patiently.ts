const ATTEMPTS = 5;

/** A busy machine makes a service give up on its stores now and then, and say so. That is nothing to measure. */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; left > 0; left -= 1) {
    try {
      return await attempt();
    } catch {
      // Again: the last attempt tells what is wrong.
    }
  }
  return attempt();
}
