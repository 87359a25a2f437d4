import type { Jwks } from '@sekisho/tokens';

/**
 * Several key sets as one. Another object only if one of them is, because verifiers and caches go by that.
 * @param parts may throw, and then so does the joined one: a set that lacks a key makes others refuse good tokens
 */
export function joined(parts: readonly (() => Jwks)[]): () => Jwks {
  let from: readonly Jwks[] = [];
  let whole: Jwks = { keys: [] };
  return () => {
    const now = parts.map((part) => part());
    if (now.some((part, at) => part !== from[at])) {
      whole = { keys: now.flatMap(({ keys }) => keys) };
      from = now;
    }
    return whole;
  };
}
