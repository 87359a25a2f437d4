/** Those of a few issuers, before and after a rotation. */
const MAX_TEXTS = 64;
const MAX_LENGTH = 65_536;

/**
 * Makes something of each text once: for key sets, of which each policy of an issuer holds a copy. What is kept is bounded:
 * of a text that is very long it is made each time, and when there are too many all are forgotten.
 * @param make never gives undefined
 */
export function ofFewTexts<T extends object | string>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    const made = make(text);
    if (text.length > MAX_LENGTH) return made;
    if (known.size >= MAX_TEXTS) known.clear();
    known.set(text, made);
    return made;
  };
}
