import { createVerifier, TokenError, type VerifierOptions, type Verify } from '@sekisho/tokens';

/** Accepts every token of the issuer, whoever it is for. */
export function createVerifyAny(options: Omit<VerifierOptions, 'audience'>): Verify {
  return (token) => createVerifier({ ...options, audience: firstAudience(token) })(token);
}

function firstAudience(token: string): string {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.', 3)[1] ?? '', 'base64url').toString());
    return String(payload.aud[0]);
  } catch (cause) {
    throw new TokenError('token_malformed', 'the token is not a compact JWS', { cause });
  }
}
