import { type AccountStore, AUDIENCE, normaliseEmail } from './accounts/account.ts';
import { AuthError } from './errors.ts';
import { ADMIN_PERMISSIONS } from './http/permissions.ts';
import type { PasswordHasher } from './passwords/hasher.ts';
import { opaqueString } from './passwords/opaque-string.ts';
import { isWeakPassword } from './passwords/weak-password.ts';

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
 * Makes the first administrator, who can then make everybody else, when there is none. Nobody who is there is touched:
 * neither a changed password nor a withdrawn grant nor a deleted user comes back with a restart.
 * @returns whether the user was made now
 * @throws AuthError `secret_unusable` for a password that would be guessed
 */
export async function bootstrapAdministrator(
  { accounts, passwords, uuid }: BootstrapDependencies,
  { email: given, password }: FirstAdministrator,
): Promise<boolean> {
  const email = normaliseEmail(given);
  if ((await accounts.hasAdministrator()) || (await accounts.findCredentials(email)) !== undefined) return false;
  if (isWeakPassword(opaqueString(password), email)) {
    throw new AuthError(
      'secret_unusable',
      'BOOTSTRAP_ADMIN_PASSWORD_FILE: the password is among the first that a guesser tries',
    );
  }
  try {
    const administrator = {
      id: uuid(),
      email,
      passwordHash: await passwords.hash(password),
      active: true,
      roles: ['admin'],
      permissions: [],
      grants: [{ service: AUDIENCE, permissions: [...ADMIN_PERMISSIONS] }],
    };
    await accounts.create(administrator, { subject: 'system:bootstrap', requestId: 'start' });
    return true;
  } catch (error) {
    if (error instanceof AuthError && error.code === 'email_taken') return false; // another replica was faster
    throw error;
  }
}
