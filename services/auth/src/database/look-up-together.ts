/** What is found of each id; one of which nothing is found is left out. */
export type FindAll<T> = (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/**
 * Asks once for all ids that are asked for in one turn of the event loop: under load the way to a database and back
 * costs more than what is read there. It asks when the turn is over, so nobody is told what was read before they asked;
 * which a cache could not promise.
 * @param findAll when it fails it fails for the whole turn: no id may be such that it fails by it
 */
export function lookUpTogether<T>(findAll: FindAll<T>): (id: string) => Promise<T | undefined> {
  let asked = new Set<string>();
  let answer: Promise<ReadonlyMap<string, T>> | undefined;

  const atEndOfTurn = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const ids = [...asked];
    asked = new Set();
    answer = undefined;
    return findAll(ids);
  };

  return async (id) => {
    asked.add(id);
    answer ??= atEndOfTurn();
    return (await answer).get(id);
  };
}
