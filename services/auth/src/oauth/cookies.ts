import type { EncryptionKeys } from '@sekisho/tokens';
import type { Configuration } from 'oidc-provider';
import { createKeyedHash } from '../keys/keyed-hash.ts';
import type { Issuer } from './issuer.ts';

/**
 * RFC 6265bis section 4.1.3: with these prefixes neither a sibling host nor plain HTTP can set the cookies. Without
 * https browsers would not keep them, so a local set-up has none. Lax, because applications send browsers here.
 */
export function cookies(
  { isHttps }: Issuer,
  { current, previous }: EncryptionKeys,
): NonNullable<Configuration['cookies']> {
  const options = { httpOnly: true, sameSite: 'lax', secure: isHttps, signed: true } as const;
  const [host, path] = isHttps ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    // Signed with the first, and taken with any.
    keys: [current, ...previous].map((key) => createKeyedHash(key, 'oauth-cookies')('1')),
    names: {
      session: `${host}sekisho_session`,
      // Bound to the path of one interaction.
      interaction: `${path}sekisho_interaction`,
      resume: `${path}sekisho_resume`,
    },
    long: { ...options, path: '/' },
    short: options,
  };
}
