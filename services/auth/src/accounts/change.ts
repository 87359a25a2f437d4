import type { Changes } from '../audit/audit.ts';
import { differences, type Fields } from '../audit/differences.ts';
import type { Grant, Profile, Revocation } from './account.ts';

/** What differs, by field; a grant is a field of its own, `grants/<service>`. */
export function changesBetween(before: Profile | undefined, after: Profile | undefined): Changes {
  return differences(fieldsOf(before), fieldsOf(after));
}

function fieldsOf(profile: Profile | undefined): Fields {
  if (profile === undefined) return new Map();
  const { email, active, roles, permissions, grants } = profile;
  const own = Object.entries({ email, active, roles, permissions });
  return new Map<string, unknown>([
    ...own,
    ...grants.map(
      ({ service, permissions: granted, expires }) =>
        [`grants/${service}`, { permissions: granted, ...(expires !== undefined && { expires }) }] as const,
    ),
  ]);
}

/** What has to be revoked for a change to hold at once: nothing when it only adds. */
export function revocationFor(before: Profile, after: Profile | undefined): Revocation | undefined {
  if (after === undefined || (before.active && !after.active)) return { scope: 'sessions' };
  return isNarrower(before, after) || before.email !== after.email ? { scope: 'tokens' } : undefined;
}

function isNarrower(before: Profile, after: Profile): boolean {
  return (
    lacksSome(after.roles, before.roles) ||
    lacksSome(after.permissions, before.permissions) ||
    before.grants.some(
      (grant) =>
        !covers(
          after.grants.find(({ service }) => service === grant.service),
          grant,
        ),
    )
  );
}

/** Whether one grant allows all that the other does, for as long. */
export function covers(grant: Grant | undefined, other: Grant): boolean {
  if (grant === undefined || lacksSome(grant.permissions, other.permissions)) return false;
  return (grant.expires ?? Number.POSITIVE_INFINITY) >= (other.expires ?? Number.POSITIVE_INFINITY);
}

function lacksSome(held: readonly string[], wanted: readonly string[]): boolean {
  return !wanted.every((name) => held.includes(name));
}
