/**
 * The `kid` that a token names in its header, unchecked: it means nothing before the token is verified.
 * @returns undefined for what is no token, or names none
 */
export function keyIdOf(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    const hasKid = typeof header === 'object' && header !== null && 'kid' in header;
    return hasKid && typeof header.kid === 'string' ? header.kid : undefined;
  } catch {
    return undefined;
  }
}
