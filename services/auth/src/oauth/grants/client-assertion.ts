import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** An assertion is remembered until it expires, so that it works once: without a bound it would be for years. */
const MAX_SECONDS = 600;

/** RFC 7523 section 3: what oidc-provider leaves open. */
export async function assertShortLived(
  _: KoaContextWithOIDC,
  claims: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { exp } = claims;
  if (typeof exp === 'number' && exp - Date.now() / 1000 <= MAX_SECONDS) return;
  throw new errors.InvalidClientAuth('the client assertion lives longer than 10 minutes');
}
