import type { Jwks } from '@sekisho/tokens';
import { GuardError } from '../errors.ts';

/**
 * Until the auth service was asked for the first time no key is known, and every token looks forged: who brings one is to come again, and
 * not to log in again.
 * @throws GuardError `keys_missing`
 */
export function assertTold({ keys }: Jwks): void {
  if (keys.length > 0) return;
  throw new GuardError('keys_missing', 'the keys that tokens are verified with are not known yet: try again');
}
