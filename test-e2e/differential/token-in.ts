/** Where the compiled RequestAuthentication looks for tokens; case-sensitive. */
const PREFIXES = ['Bearer ', 'Service '] as const;
const TOKEN_START = /[A-Za-z0-9\-._]/;

/**
 * The token that Envoy verifies, of the values of all `Authorization` headers; undefined where it sees none.
 *
 * Envoy joins the values with commas and finds the prefix anywhere: `Basic x Bearer T` carries T, `bearer T` nothing. What follows is
 * the token to the end, whatever it looks like. With both prefixes there are two tokens of which one cannot be a JWT, so all of the
 * value is answered, which is none either.
 */
export function tokenIn(authorization: readonly string[]): string | undefined {
  const value = authorization.map((one) => one.trim()).join(',');
  const found = PREFIXES.filter((prefix) => value.includes(prefix));
  const [prefix] = found;
  if (prefix === undefined) return undefined;
  if (found.length > 1) return value;
  const rest = value.slice(value.indexOf(prefix) + prefix.length);
  const start = rest.search(TOKEN_START);
  return start === -1 ? rest : rest.slice(start);
}
