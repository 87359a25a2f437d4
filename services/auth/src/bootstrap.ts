import { type AccountStore, AUDIENCE, normaliseEmail } from './accounts/account.ts';
import { AuthError } from './errors.ts';
import { ADMIN_PERMISSIONS } from './http/permissions.ts';
import type { PasswordHasher } from './passwords/hasher.ts';

export interface FirstAdministrator {
  readonly email: string;
  readonly password: string;
}

export interface BootstrapDependencies {
  readonly accounts: AccountStore;
  readonly passwords: PasswordHasher;
  readonly uuid: () => string;
}

/**
 * Makes the first administrator, who can then make everybody else. A user that holds the address stays untouched:
 * neither a changed password nor a withdrawn grant comes back with a restart.
 * @returns whether the user was made now
 */
export async function bootstrapAdministrator(
  { accounts, passwords, uuid }: BootstrapDependencies,
  { email: given, password }: FirstAdministrator,
): Promise<boolean> {
  const email = normaliseEmail(given);
  if ((await accounts.findCredentials(email)) !== undefined) return false;
  try {
    await accounts.create({
      id: uuid(),
      email,
      passwordHash: await passwords.hash(password),
      active: true,
      roles: ['admin'],
      permissions: [],
      grants: [{ service: AUDIENCE, permissions: [...ADMIN_PERMISSIONS] }],
    });
    return true;
  } catch (error) {
    if (error instanceof AuthError && error.code === 'email_taken') return false; // another replica was faster
    throw error;
  }
}
