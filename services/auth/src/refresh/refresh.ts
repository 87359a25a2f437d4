import type { Device, DeviceCheck, Session } from '@sekisho/sessions';
import { OWN_CLIENT } from '../login/access-grant.ts';
import type { LoginResult } from '../login/login.ts';
import { createPresentAccess, type PresentAccessDependencies } from './present-access.ts';
import { type FamilyInUse, type RefreshTokens, refused } from './refresh-tokens.ts';

export interface RefreshRequest {
  readonly refreshToken: string;
  /** Services that the access token is for, of those the log-in asked for. @default all of them */
  readonly services?: readonly string[];
  /** Told in the same way as at log-in. */
  readonly device: Device;
}

export interface RefreshDependencies extends PresentAccessDependencies {
  readonly refreshTokens: RefreshTokens;
  readonly checkDevice: DeviceCheck;
}

export type Refresh = (request: RefreshRequest) => Promise<LoginResult>;

/**
 * Refreshes what `POST /v1/sessions` began.
 * Rejects with LoginRefused, or AuthError and SessionError when something it needs is away.
 */
export function createRefresh(dependencies: RefreshDependencies): Refresh {
  const { refreshTokens } = dependencies;
  const presentAccess = createPresentAccess(dependencies);
  return async ({ refreshToken: token, services, device }) => {
    const { issued, ...refreshed } = await refreshTokens.use({ token, clientId: OWN_CLIENT }, async (family) => {
      await assertDevice(dependencies, family, device);
      return presentAccess(family, services);
    });
    return { token: issued.token, expiresIn: issued.claims.exp - issued.claims.iat, ...refreshed };
  };
}

/** For a log-in: its first refresh token, for what it asked for. */
export function beginOwnRefresh(refreshTokens: RefreshTokens) {
  return (session: Session, services: readonly string[] | undefined): Promise<string> =>
    refreshTokens.begin(session, { clientId: OWN_CLIENT, ...(services !== undefined && { services: [...services] }) });
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
