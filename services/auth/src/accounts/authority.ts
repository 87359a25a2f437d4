import type { Actor } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import type { AdminPermission } from '../http/permissions.ts';
import { AUDIENCE, type Grant, type Profile } from './account.ts';
import { covers } from './change.ts';

/** Who changes accounts of others. */
export interface Administrator extends Actor {
  /** At this service, as the token says. */
  readonly permissions: readonly string[];
}

/** What it takes to make any other user an administrator, so that one who holds it for ever can always help. */
export const ADMINISTRATOR = ['users:write', 'grants:admin'] as const satisfies AdminPermission[];

/**
 * `users:write` alone must not lead to more: neither by granting oneself, nor by taking over the account of somebody who
 * holds more. So whoever lacks `grants:admin` grants at this service only what he holds, and changes only users who hold
 * nothing else there.
 * @throws AuthError `permission_missing`
 */
export function assertAuthority(by: Administrator, before: Profile | undefined, after: Profile | undefined): void {
  if (by.permissions.includes('grants:admin')) return;
  const beyond = [...heldHere(before), ...grantedHere(before, after)].find((name) => !by.permissions.includes(name));
  if (beyond === undefined) return;
  throw new AuthError(
    'permission_missing',
    `to change a user who holds, or is given, ${beyond} at ${AUDIENCE}, one has to hold it oneself, or grants:admin`,
  );
}

function heldHere(profile: Profile | undefined): readonly string[] {
  return grantHere(profile)?.permissions ?? [];
}

/** Those that are new, or last longer. */
function grantedHere(before: Profile | undefined, after: Profile | undefined): readonly string[] {
  const [held, given] = [grantHere(before), grantHere(after)];
  if (given === undefined || (held !== undefined && covers(held, given))) return [];
  return given.permissions;
}

function grantHere(profile: Profile | undefined): Grant | undefined {
  return profile?.grants.find(({ service }) => service === AUDIENCE);
}

/** Whether this user can help when all others are locked out. */
export function isAdministrator(profile: Profile | undefined): boolean {
  const grant = grantHere(profile);
  if (profile?.active !== true || grant === undefined || grant.expires !== undefined) return false;
  return ADMINISTRATOR.every((name) => grant.permissions.includes(name));
}
