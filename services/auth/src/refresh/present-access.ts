import type { Session } from '@sekisho/sessions';
import type { Mint, Minted } from '@sekisho/tokens';
import { type Account, type AccountStore, activeGrants, type Grant } from '../accounts/account.ts';
import { accessGrant, everydayGrants } from '../login/access-grant.ts';
import { LoginRefused } from '../login/login.ts';
import type { FamilyContext } from './family-context.ts';
import { type FamilyInUse, refused } from './refresh-tokens.ts';

export interface PresentAccessDependencies {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly endSession: (userId: string, sessionId: string) => Promise<void>;
  readonly mint: Mint;
  readonly clock: () => Date;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
}

/**
 * An access token of a session that lives: the account is read again, so it holds what is granted now, of what the log-in asked for.
 * Rejects with LoginRefused, or AuthError and SessionError when something it needs is away.
 * @param services of those the log-in asked for. @default all of them
 */
export type PresentAccess = (family: FamilyInUse, services?: readonly string[]) => Promise<Minted>;

export function createPresentAccess(dependencies: PresentAccessDependencies): PresentAccess {
  const { mint, clock, tokenLifetime } = dependencies;
  return async (family, services) => {
    const account = await activeAccount(dependencies, family);
    const grants = presentGrants(account, family.context, clock()).filter(asked(services));
    assertGranted(grants, services);
    const session = sessionClaims(family.session);
    return mint(accessGrant({ account, grants, session, lifetimeSeconds: tokenLifetime }));
  };
}

/** Whoever may not log in any more is logged out. */
async function activeAccount(
  { accounts, endSession }: PresentAccessDependencies,
  { session }: FamilyInUse,
): Promise<Account> {
  const account = await accounts.find(session.userId);
  if (account?.active === true) return account;
  await endSession(session.userId, session.id);
  throw refused('inactive');
}

/** What the log-in asked for, of what is granted now. */
function presentGrants({ grants }: Account, { services }: FamilyContext, now: Date): readonly Grant[] {
  const granted = activeGrants(grants, now);
  return services === undefined ? everydayGrants(granted) : granted.filter(({ service }) => services.includes(service));
}

function asked(services: readonly string[] | undefined) {
  return ({ service }: Grant) => services === undefined || services.includes(service);
}

function assertGranted(grants: readonly Grant[], services: readonly string[] | undefined): void {
  const missing = services?.find((name) => !grants.some(({ service }) => service === name));
  if (missing !== undefined) throw notGranted(`the service ${missing} is not granted to this session`);
  if (grants.length === 0) throw notGranted('nothing that the log-in asked for is granted any more');
}

function notGranted(detail: string): LoginRefused {
  return new LoginRefused('not_granted', 'permission_missing', detail);
}

function sessionClaims({ id, fingerprint, ip }: Session) {
  return { id, device: fingerprint, ...(ip !== undefined && { ip }) };
}
