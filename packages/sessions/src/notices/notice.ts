import { revocationKeys } from '../revocation/keys.ts';

/** That an application's session ended, kept until the application was told or need not be told any more. */
export interface LogoutNotice {
  readonly sessionId: string;
  readonly userId: string;
  /** OAuth client to be told. */
  readonly clientId: string;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Nobody keeps a session for a day longer than it is told to: what could not be told until then is given up. */
export const NOTICE_LIFE_MS = 24 * 60 * 60_000;

/** In the cluster slot of the revocations: a session is refused, and its notice kept, in one step. */
export function noticeKeys(prefix: string) {
  const { stream } = revocationKeys(prefix);
  return {
    /** zset: session ids by when their notice is due, milliseconds since the epoch. */
    due: `${stream}:notices:due`,
    /** hash: notices by session id. */
    waiting: `${stream}:notices`,
  };
}

const TEXT = /^([A-Za-z0-9_-]{1,128}) ([!-~]{1,384}) (\d{1,15}) (\d{1,6})$/;

/** A notice as it is kept beside its session's id. */
export function toText({ userId, clientId, endedAt, attempts }: Omit<LogoutNotice, 'sessionId'>): string {
  return `${userId} ${clientId} ${endedAt} ${attempts}`;
}

/** @returns undefined for what this version does not know: a newer one may run beside it */
export function toNotice(sessionId: string, text: string): LogoutNotice | undefined {
  const [, userId, clientId, endedAt, attempts] = TEXT.exec(text) ?? [];
  if (userId === undefined || clientId === undefined) return undefined;
  return { sessionId, userId, clientId, endedAt: Number(endedAt), attempts: Number(attempts) };
}
