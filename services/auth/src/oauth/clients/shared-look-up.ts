/**
 * Looks each id up once at a time, however many ask for it: who comes while it is being looked up waits for the next
 * look-up, and shares that one with all who wait. So what is told was read after it was asked for, and a client that was
 * changed or removed before a request is never seen as it was; which a cache could not promise.
 * A look-up that fails fails for all who share it.
 */
export function sharedLookUp<T>(lookUp: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  const next = new Map<string, Promise<T>>();

  const begin = (id: string): Promise<T> => {
    next.delete(id);
    const found = lookUp(id).finally(() => underWay.delete(id));
    underWay.set(id, found);
    return found;
  };

  return (id) => {
    const waiting = next.get(id);
    if (waiting !== undefined) return waiting;
    const current = underWay.get(id);
    if (current === undefined) return begin(id);
    // What the earlier one finds, or that it fails, is for those who asked before.
    const later = current.then(
      () => begin(id),
      () => begin(id),
    );
    next.set(id, later);
    return later;
  };
}
