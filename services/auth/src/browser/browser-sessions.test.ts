import { randomBytes } from 'node:crypto';
import { type FamilyOfSession, SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { OWN_CLIENT } from '../login/access-grant.ts';
import { createBrowserCookieFormat } from './browser-cookie.ts';
import { createBrowserSessions } from './browser-sessions.ts';

const keys = { current: randomBytes(32), previous: [] };
const format = createBrowserCookieFormat(keys);
const named = { userId: 'u1', id: 's1' };
const cookie = format.make({ userId: 'u1', sessionId: 's1' }, 'secret');

function finding(find: () => Promise<FamilyOfSession | undefined>) {
  const begin = async () => {
    throw new TypeError('nothing begins here');
  };
  return createBrowserSessions({ store: { find, begin }, format, isRevoked: () => false, newSecret: () => '' });
}

const familyOf = (secret: string): FamilyOfSession => ({
  session: { ...named, device: {}, fingerprint: 'f', createdAt: 0, lastAccessedAt: 0, expiresAt: 1 },
  ...{ secret, context: JSON.stringify({ clientId: OWN_CLIENT }), generation: 0, isLatest: true },
});

describe('the session of a cookie, to end it,', () => {
  test('is known by the seal alone when it was lost, or cannot be asked for: who has the cookie must be able to log out, and in', async () => {
    expect(await finding(async () => undefined).sessionOf(cookie)).toEqual(named);
    const away = finding(() => Promise.reject(new SessionError('redis_unavailable', 'away')));
    expect(await away.sessionOf(cookie)).toEqual(named);
  });

  test('is none of a cookie that another one replaced, or that we did not make', async () => {
    expect(await finding(async () => familyOf('secret')).sessionOf(cookie)).toEqual(named);
    expect(await finding(async () => familyOf('later')).sessionOf(cookie)).toBeUndefined();
    const foreign = createBrowserCookieFormat({ current: randomBytes(32), previous: [] });
    const forged = foreign.make({ userId: 'u1', sessionId: 's1' }, 'secret');
    expect(await finding(async () => undefined).sessionOf(forged)).toBeUndefined();
  });

  test('is not made up when the store says that something else is wrong', async () => {
    const damaged = new SessionError('session_invalid', 'damaged');
    await expect(finding(() => Promise.reject(damaged)).sessionOf(cookie)).rejects.toBe(damaged);
  });
});
