import type { AccessClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { CLOCK_SKEW_SECONDS, TOKEN_SECONDS } from './lifetime.ts';

/**
 * That a token is no more than `Minter.narrow` makes: for one service, with what it grants there and nothing else, derived
 * from another token, and short-lived from now on, not from whatever moment it names.
 * @throws TokenError `token_invalid`
 */
export function assertNarrow({ aud, services, origin_jti, iat, exp }: AccessClaims, now: Date): void {
  const [service, ...others] = aud;
  const isForOne = others.length === 0 && Object.keys(services).every((name) => name === service);
  const isShort = iat <= now.getTime() / 1000 + CLOCK_SKEW_SECONDS && exp - iat <= TOKEN_SECONDS.narrow;
  if (isForOne && isShort && origin_jti !== undefined) return;
  throw new TokenError('token_invalid', 'the key of the token may sign narrow tokens only');
}
