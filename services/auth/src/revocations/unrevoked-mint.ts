import type { RevocationReader } from '@sekisho/sessions';
import { keyIdOf, type Minted } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';

/**
 * Mints nothing that is refused already. `iat` has whole seconds, so what is issued in the second of a revocation is
 * refused with what came before it: rather than a token that never works, the caller is told to come back in the next.
 * It does not wait here and mint later: what the grant was read from may be what the revocation is about.
 * @throws AuthError (from the returned function) `unavailable`
 */
export function unrevokedMint<Args extends readonly unknown[]>(
  mint: (...args: Args) => Promise<Minted>,
  revocations: Pick<RevocationReader, 'check'>,
): typeof mint {
  return async (...args) => {
    const minted = await mint(...args);
    if (revocations.check(minted.claims, keyIdOf(minted.token)) === undefined) return minted;
    throw new AuthError('unavailable', 'this was revoked a moment ago: try again', { retryAfter: 1 });
  };
}
