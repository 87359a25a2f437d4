import { MAX_ACCESS_TOKEN_LENGTH, type Mint, TokenError } from '@sekisho/tokens';
import { AUDIENCE } from '../accounts/account.ts';
import { AuthError } from '../errors.ts';
import { accessGrant, everydayGrants, type TokenContent } from './access-grant.ts';

type User = TokenContent['account'];

/** The longest of each that a log-in can bring: a UUID, a SHA-256 in base64url, an IPv6 address. */
const LONGEST_SESSION = { id: '0'.repeat(36), device: '0'.repeat(43), ip: '0'.repeat(45) };

/** Rejects with AuthError `claims_too_large` for a user whose log-in could not be answered with a token. */
export type AssertTokensFit = (user: User) => Promise<void>;

/** Mints what a log-in would, already over, so that the bound is measured and not estimated. */
export function createAssertTokensFit(mint: Mint): AssertTokensFit {
  return async (user) => {
    const own = user.grants.filter(({ service }) => service === AUDIENCE);
    for (const grants of [everydayGrants(user.grants), own]) {
      if (grants.length === 0) continue;
      try {
        await mint(accessGrant({ account: user, grants, session: LONGEST_SESSION, lifetimeSeconds: 0 }));
      } catch (error) {
        throw error instanceof TokenError && error.code === 'claims_too_large' ? tooLarge(user, error) : error;
      }
    }
  };
}

function tooLarge({ roles, permissions, grants }: User, cause: TokenError): AuthError {
  const sizes = Object.entries({ roles, permissions, grants })
    .map(([name, value]) => `${name} ${Buffer.byteLength(JSON.stringify(value))}`)
    .join(', ');
  const detail = `a token for this user would be longer than ${MAX_ACCESS_TOKEN_LENGTH} characters; it holds, in bytes: ${sizes}`;
  return new AuthError('claims_too_large', detail, { cause });
}
