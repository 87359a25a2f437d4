import {
  type AccessClaims,
  createVerifyCache,
  type Jwks,
  keyIdOf,
  type Verify,
  type VerifyCache,
  type VerifyCacheOptions,
} from '@sekisho/tokens';
import { assertTold } from '../keys/told-keys.ts';

/** A verified token with what is worked out once. */
export interface HopToken {
  readonly claims: AccessClaims;
  readonly kid: string | undefined;
  /** Epoch seconds. */
  readonly nbf: number;
  readonly exp: number;
}

export interface HopTokensOptions extends Omit<VerifyCacheOptions<HopToken>, 'verify'> {
  readonly jwks: () => Jwks;
}

/**
 * Its `verify` rejects with GuardError `keys_missing`, too, before there are keys.
 * @param verify of tokens of either signer of the platform, whatever their audience
 */
export function createHopTokens(verify: Verify, options: HopTokensOptions): VerifyCache<HopToken> {
  return createVerifyCache({
    ...options,
    async verify(token) {
      assertTold(options.jwks());
      const claims = await verify(token);
      return { claims, kid: keyIdOf(token), nbf: claims.nbf, exp: claims.exp };
    },
  });
}
