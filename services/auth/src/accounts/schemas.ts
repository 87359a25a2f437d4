import { Type } from 'typebox';

export const Email = Type.String({
  maxLength: 254,
  pattern: String.raw`^[^\p{Cc}\p{Cs}\s@]+@[^\p{Cc}\p{Cs}\s@]+$`,
  description: 'an e-mail address',
});

/** NIST SP 800-63B section 3.1.1: at least 8 characters, and no rules about which; the upper bound is for argon2. */
export const NewPassword = Type.String({ minLength: 8, maxLength: 1024 });
