import type { RevocationReader } from '@sekisho/sessions';

export interface LogInAge {
  readonly userId: string;
  readonly clientId?: string | undefined;
  /** Epoch seconds of the log-in; one whose age nobody knows is older than every revocation. */
  readonly at: number | undefined;
}

/**
 * Whether a log-in came before its user, its client or everybody was revoked. Between the password and the first token
 * there is no session that could be ended, so a browser's cookie, a code and a device that was allowed are as old as their
 * log-in.
 */
export type IsLogInRevoked = (logIn: LogInAge) => boolean;

/** @param region this one, where there are several: its clock is the one that log-ins have their age by */
export function createIsLogInRevoked(
  revocations: Pick<RevocationReader, 'check'>,
  region: string | undefined,
): IsLogInRevoked {
  return ({ userId, clientId, at = 0 }) => {
    const claims = { sub: userId, iat: at, ...(clientId !== undefined && { client_id: clientId }) };
    return revocations.check(claims, { region }) !== undefined;
  };
}
