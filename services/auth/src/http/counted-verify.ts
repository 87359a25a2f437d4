import { type AccessClaims, bearerToken, TokenError, type Verify } from '@sekisho/tokens';
import type { AuthMetrics } from '../metrics.ts';

/** Verifies the token of an `Authorization` header, and counts what came of it. */
export type VerifyHeader = (authorization: string | undefined) => Promise<AccessClaims>;

/** Rejects as `verify` does, and as `bearerToken`. */
export function countedVerify(
  verify: Verify,
  metrics: Pick<AuthMetrics, 'validations' | 'tokenFailures'>,
): VerifyHeader {
  return async (authorization) => {
    try {
      const claims = await verify(bearerToken(authorization));
      metrics.validations.inc({ result: 'success' });
      return claims;
    } catch (error) {
      metrics.validations.inc({ result: 'failure' });
      if (error instanceof TokenError) metrics.tokenFailures.inc({ reason: error.code });
      throw error;
    }
  };
}
