import type { Static } from 'typebox';
import type { LoginResult } from '../login/login.ts';
import type { LoginAnswer } from './schemas.ts';

/** In the names of RFC 6749 section 5.1. */
export function loginAnswer({ token, expiresIn, refreshToken, session }: LoginResult): Static<typeof LoginAnswer> {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresIn,
    refresh_token: refreshToken,
    session: { id: session.id, expiresAt: new Date(session.expiresAt).toISOString() },
  };
}
