/** The first of so many waits for half a millisecond: to decide takes some 20 us, or 100 where a token is verified. */
const MOST = 32;

/**
 * Does what falls due in one turn of the event loop at its end, one after the other and in order. Answers are written so: who waits for
 * several is woken once, and the kernel's work for one does not push out of the processor's caches what decides about the next.
 */
export function together<T>(work: (item: T) => void): (item: T) => void {
  let due: T[] = [];
  const run = () => {
    const items = due;
    due = [];
    for (const item of items) work(item);
  };
  return (item) => {
    due.push(item);
    if (due.length === 1) setImmediate(run);
    else if (due.length === MOST) run();
  };
}
