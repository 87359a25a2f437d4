import type { RevocationReader } from '@sekisho/sessions';
import { keyIdOf, TokenError, type Verify } from '@sekisho/tokens';

export interface RefuseRevokedOptions {
  readonly verify: Verify;
  readonly revocations: Pick<RevocationReader, 'check'>;
  /** Throws AuthError `unavailable` while what is revoked is not known well enough: then no token is accepted. */
  readonly assertKnown: () => void;
}

/**
 * Verifies, and refuses what is revoked.
 * @throws TokenError (from the returned function) also `token_revoked`; AuthError `unavailable` as `assertKnown` throws it
 */
export function refuseRevoked({ verify, revocations, assertKnown }: RefuseRevokedOptions): Verify {
  return async (token) => {
    const claims = await verify(token);
    if (revocations.check(claims, keyIdOf(token)) !== undefined) {
      throw new TokenError('token_revoked', 'the token is revoked');
    }
    assertKnown();
    return claims;
  };
}
