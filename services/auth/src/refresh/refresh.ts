import type { Device, DeviceCheck, Session } from '@sekisho/sessions';
import type { Mint } from '@sekisho/tokens';
import { type Account, type AccountStore, activeGrants, type Grant } from '../accounts/account.ts';
import { accessGrant, everydayGrants, OWN_CLIENT } from '../login/access-grant.ts';
import { LoginRefused, type LoginResult } from '../login/login.ts';
import type { FamilyContext } from './family-context.ts';
import { type FamilyInUse, type RefreshTokens, refused } from './refresh-tokens.ts';

export interface RefreshRequest {
  readonly refreshToken: string;
  /** Services that the access token is for, of those the log-in asked for. @default all of them */
  readonly services?: readonly string[];
  /** Told in the same way as at log-in. */
  readonly device: Device;
}

export interface RefreshDependencies {
  readonly refreshTokens: RefreshTokens;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly checkDevice: DeviceCheck;
  readonly endSession: (userId: string, sessionId: string) => Promise<void>;
  readonly mint: Mint;
  readonly clock: () => Date;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
}

export type Refresh = (request: RefreshRequest) => Promise<LoginResult>;

/**
 * Refreshes what `POST /v1/sessions` began: the account is read again, so a new token holds what is granted now.
 * Rejects with LoginRefused, or AuthError and SessionError when something it needs is away.
 */
export function createRefresh(dependencies: RefreshDependencies): Refresh {
  const { refreshTokens, mint, clock, tokenLifetime } = dependencies;
  return async ({ refreshToken: token, services, device }) => {
    const { issued, ...refreshed } = await refreshTokens.use({ token, clientId: OWN_CLIENT }, async (family) => {
      await assertDevice(dependencies, family, device);
      const account = await activeAccount(dependencies, family);
      const grants = presentGrants(account, family.context, clock()).filter(asked(services));
      assertGranted(grants, services);
      const session = sessionClaims(family.session);
      return mint(accessGrant({ account, grants, session, lifetimeSeconds: tokenLifetime }));
    });
    return { token: issued.token, expiresIn: issued.claims.exp - issued.claims.iat, ...refreshed };
  };
}

/** For a log-in: its first refresh token, for what it asked for. */
export function beginOwnRefresh(refreshTokens: RefreshTokens) {
  return (session: Session, services: readonly string[] | undefined): Promise<string> =>
    refreshTokens.begin(session, { clientId: OWN_CLIENT, ...(services !== undefined && { services: [...services] }) });
}

/** Whoever may not log in any more is logged out. */
async function activeAccount(
  { accounts, endSession }: RefreshDependencies,
  { session }: FamilyInUse,
): Promise<Account> {
  const account = await accounts.find(session.userId);
  if (account?.active === true) return account;
  await endSession(session.userId, session.id);
  throw refused('inactive');
}

/** What is asked of a changed device is a new log-in: a refresh token shows nothing more than itself. */
async function assertDevice(
  { checkDevice, endSession }: RefreshDependencies,
  { session }: FamilyInUse,
  device: Device,
): Promise<void> {
  const answer = checkDevice(session, device);
  if (answer === 'same' || answer === 'log') return;
  if (answer === 'revoke') await endSession(session.userId, session.id);
  throw refused('device_changed');
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
