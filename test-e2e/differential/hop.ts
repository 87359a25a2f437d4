/** One token to the end, after either prefix (docs/guard.md, "What it answers at a hop"). */
const ONE_TOKEN = /^(?:bearer|service) +[\w-]+\.([\w-]+)\.[\w-]+$/i;

/**
 * What the guard says at a hop, of the values of all `Authorization` headers, before the mesh decides. Where no token is needed it is asked
 * only about requests with such a header. The issuers of these trials have no sessions, and nothing of theirs is revoked.
 * @param isOpen whether the policy opens the request to callers without a token
 */
export function refusedAtHop(authorization: readonly string[], isOpen: boolean): boolean {
  if (authorization.length === 0) return !isOpen;
  const payload = ONE_TOKEN.exec(authorization.map((value) => value.trim()).join(', '))?.[1];
  return payload === undefined || !isObject(Buffer.from(payload, 'base64url').toString('utf8'));
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
