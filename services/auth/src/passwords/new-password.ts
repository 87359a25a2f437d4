import { NewPassword, stillFitting } from '../accounts/schemas.ts';
import { AuthError } from '../errors.ts';
import { opaqueString } from './opaque-string.ts';
import { isWeakPassword } from './weak-password.ts';

/**
 * A password that somebody chose, in the form that is hashed.
 * @param field JSON pointer into the body
 * @throws AuthError `request_invalid`, `password_weak`
 */
export function acceptPassword(password: string, email: string, field: string): string {
  const accepted = stillFitting(NewPassword, opaqueString(password), field);
  if (!isWeakPassword(accepted, email)) return accepted;
  const message = 'this is among the first that a guesser tries: take several words that do not belong together';
  throw new AuthError('password_weak', message, { field });
}
