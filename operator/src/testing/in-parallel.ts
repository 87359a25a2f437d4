/** As many as the operator has connections. */
const AT_ONCE = 16;

/** Works on all items, a few at a time: a request that waits for a connection uses up its time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
