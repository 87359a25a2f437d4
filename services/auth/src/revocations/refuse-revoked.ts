import type { RevocationReader } from '@sekisho/sessions';
import { keyIdOf, TokenError, type Verify } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';

export interface RefuseRevokedOptions {
  readonly verify: Verify;
  readonly revocations: Pick<RevocationReader, 'check' | 'staleMs'>;
  /** How old the knowledge of revocations may be, in milliseconds; above it no token is accepted. */
  readonly maxStalenessMs: number;
}

/**
 * Verifies, and refuses what is revoked.
 * @throws TokenError (from the returned function) also `token_revoked`; AuthError `unavailable` while Redis has been away for too long
 */
export function refuseRevoked({ verify, revocations, maxStalenessMs }: RefuseRevokedOptions): Verify {
  return async (token) => {
    const claims = await verify(token);
    if (revocations.check(claims, keyIdOf(token)) !== undefined) {
      throw new TokenError('token_revoked', 'the token is revoked');
    }
    if (revocations.staleMs > maxStalenessMs) {
      throw new AuthError('unavailable', 'what is revoked cannot be known right now', { retryAfter: 1 });
    }
    return claims;
  };
}
