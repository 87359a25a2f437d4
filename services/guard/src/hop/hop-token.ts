import {
  type AccessClaims,
  createVerifyCache,
  keyIdOf,
  type Verify,
  type VerifyCache,
  type VerifyCacheOptions,
} from '@sekisho/tokens';

/** A verified token with what is worked out once. */
export interface HopToken {
  readonly claims: AccessClaims;
  readonly kid: string | undefined;
  /** Epoch seconds. */
  readonly nbf: number;
  readonly exp: number;
}

/** @param verify of tokens of either signer of the platform, whatever their audience */
export function createHopTokens(
  verify: Verify,
  options: Omit<VerifyCacheOptions<HopToken>, 'verify'>,
): VerifyCache<HopToken> {
  return createVerifyCache({
    ...options,
    async verify(token) {
      const claims = await verify(token);
      return { claims, kid: keyIdOf(token), nbf: claims.nbf, exp: claims.exp };
    },
  });
}
