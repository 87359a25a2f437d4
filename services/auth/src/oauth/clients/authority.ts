import { AUDIENCE } from '../../accounts/account.ts';
import type { Administrator } from '../../accounts/authority.ts';
import { AuthError } from '../../errors.ts';
import type { NewClient } from './client.ts';

/**
 * `clients:write` alone must not lead to more, as `users:write` does not: who may make or change a client can act by what it is granted
 * at this service, and by one of our own applications as any administrator who is led to log in there. So whoever lacks `grants:admin`
 * makes and changes only clients that do neither.
 * @param clients as they were and as they are to be
 * @throws AuthError `permission_missing`
 */
export function assertAuthorityOver(by: Administrator, ...clients: readonly NewClient[]): void {
  if (by.permissions.includes('grants:admin')) return;
  const beyond = clients.flatMap(powersHere).find((name) => !by.permissions.includes(name));
  if (beyond === undefined) return;
  throw new AuthError(
    'permission_missing',
    `to make or change a client that is one of our own, or is granted ${AUDIENCE}, one has to hold ${beyond} oneself, or grants:admin`,
  );
}

function powersHere({ firstParty, grants }: NewClient): readonly string[] {
  const granted = grants.filter(({ service }) => service === AUDIENCE).flatMap(({ permissions }) => permissions);
  return firstParty ? ['grants:admin', ...granted] : granted;
}
