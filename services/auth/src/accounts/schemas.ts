import { type TString, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AuthError } from '../errors.ts';

export const Email = Type.String({
  maxLength: 254,
  pattern: String.raw`^[^\p{Cc}\p{Cs}\s@]+@[^\p{Cc}\p{Cs}\s@]+$`,
  description: 'an e-mail address',
});

/** NIST SP 800-63B section 3.1.1: at least 8 characters, and no rules about which; the upper bound is for argon2. */
export const NewPassword = Type.String({ minLength: 8, maxLength: 1024 });

/**
 * What a body's schema let pass must fit once more in the form that is kept: normalising changes lengths.
 * @param field JSON pointer into the body
 * @throws AuthError `request_invalid`
 */
export function stillFitting(schema: TString, normalised: string, field: string): string {
  const error = Value.Errors(schema, normalised)[0];
  if (error === undefined) return normalised;
  throw new AuthError('request_invalid', `once normalised, it ${error.message}`, { field });
}
