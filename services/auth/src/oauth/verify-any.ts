import type { SessionStore } from '@sekisho/sessions';
import { type AccessClaims, createVerifier, TokenError, type VerifierOptions, type Verify } from '@sekisho/tokens';

export interface VerifyAnyOptions extends Omit<VerifierOptions, 'audience'> {
  readonly sessions: Pick<SessionStore, 'get'>;
}

/** Accepts every token of the issuer whose session lives, whoever it is for. */
export function createVerifyAny({ sessions, ...options }: VerifyAnyOptions): Verify {
  return async (token) => {
    const claims = await createVerifier({ ...options, audience: firstAudience(token) })(token);
    if (await isLive(sessions, claims)) return claims;
    throw new TokenError('token_invalid', 'the session of the token is over');
  };
}

async function isLive(sessions: VerifyAnyOptions['sessions'], { user, session }: AccessClaims): Promise<boolean> {
  if (user === undefined || session === undefined) return true;
  return (await sessions.get(user.id, session.id)) !== undefined;
}

/** Not believed before the signature is checked: it only says which audience to check for. */
function firstAudience(token: string): string {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.', 3)[1] ?? '', 'base64url').toString());
    return String(payload.aud[0]);
  } catch (cause) {
    throw new TokenError('token_malformed', 'the token is not a compact JWS', { cause });
  }
}
