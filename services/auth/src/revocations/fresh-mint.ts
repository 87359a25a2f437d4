import type { RevocationReader } from '@sekisho/sessions';
import type { Mint } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';

export interface FreshMintOptions {
  readonly mint: Mint;
  readonly revocations: Pick<RevocationReader, 'check'>;
  readonly clock: () => Date;
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Mints for somebody who has just shown who they are. `iat` has whole seconds, so a token of the second in which
 * everything of theirs was revoked is refused with what came before; theirs is minted in the next one instead.
 * Only for that: who brings an older session would outlive the revocation.
 * @throws AuthError (from the returned function) `unavailable` when the next second is refused too
 */
export function createFreshMint({ mint, revocations, clock, sleep }: FreshMintOptions): Mint {
  return async (grant) => {
    const minted = await mint(grant);
    if (revocations.check(minted.claims) === undefined) return minted;
    await sleep((minted.claims.iat + 1) * 1000 - clock().getTime());
    const again = await mint(grant);
    if (revocations.check(again.claims) === undefined) return again;
    throw new AuthError('unavailable', 'log-ins are refused for a moment after a revocation', { retryAfter: 1 });
  };
}
