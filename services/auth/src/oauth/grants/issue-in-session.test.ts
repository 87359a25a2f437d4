import { describe, expect, test, vi } from 'vitest';
import type { Account } from '../../accounts/account.ts';
import { ALICE_ID, createFixture } from '../../testing/fixture.ts';
import { createLogInSessions } from '../log-in-sessions.ts';
import type { BrowserSessions } from '../store/browser-sessions.ts';
import { issueInSession } from './issue-in-session.ts';

const BY = { subject: 'system:test', requestId: 'test' };
const ORIGIN = { device: {}, ip: '192.0.2.1', browser: 'b1' };

/** One link for each browser and application, as Redis keeps them. */
function memoryBrowsers(): BrowserSessions {
  const links = new Map<string, Map<string, string>>();
  const of = (browser: string) => links.get(browser) ?? new Map<string, string>();
  return {
    linked: async (browser) => of(browser),
    async link(browser, clientId, sessionId) {
      const linked = of(browser).get(clientId) ?? sessionId;
      links.set(browser, new Map(of(browser)).set(clientId, linked));
      return linked;
    },
    async forget(browser, clientIds) {
      for (const clientId of clientIds) of(browser).delete(clientId);
    },
  };
}

async function setUp() {
  const { accounts, sessions, metrics } = createFixture();
  const revoked = new Set<string>();
  const endSession = async (userId: string, id: string) => void (await sessions.destroy(userId, id));
  const isRevoked = (id: string) => revoked.has(id);
  const logIns = createLogInSessions({ sessions, browsers: memoryBrowsers(), endSession, isRevoked, metrics });
  const account = await accounts.find(ALICE_ID);
  if (account === undefined) throw new Error('the fixture has a user');
  const change = async (after: (before: Account) => Account | undefined) =>
    void (await accounts.change(ALICE_ID, BY, (before) => ({ action: 'user.updated', after: after(before) })));
  const open = (issue: () => Promise<void>) =>
    issueInSession({ accounts, sessions, logIns }, { account, clientId: 'shop', origin: ORIGIN }, issue);
  return { sessions, revoked, logIns, change, open };
}

describe('a session that is opened for what is issued', () => {
  test('stays when nothing happens meanwhile', async () => {
    const { sessions, open } = await setUp();
    const session = await open(async () => undefined);
    expect([...sessions.live.keys()]).toEqual([session.id]);
  });

  test.each<[string, (before: Account) => Account | undefined]>([
    ['is deactivated', (before) => ({ ...before, active: false })],
    ['is deleted', () => undefined],
    ['loses a grant', (before) => ({ ...before, grants: before.grants.slice(1) })],
  ])('is taken back from a user who %s after the account was read', async (_, after) => {
    const { sessions, change, open } = await setUp();
    await expect(open(() => change(after))).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(sessions.live.size).toBe(0);
  });

  test('is taken back when nothing can be issued for it', async () => {
    const { sessions, open } = await setUp();
    const failure = new Error('nothing is issued');
    await expect(open(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(sessions.live.size).toBe(0);
  });

  test('is not taken from others who have it already', async () => {
    const { sessions, open } = await setUp();
    const { id } = await open(async () => undefined);
    await expect(open(() => Promise.reject(new Error('nothing is issued')))).rejects.toThrow();
    expect([...sessions.live.keys()]).toEqual([id]);
  });

  test('is no other one, when the browser’s was ended since the log-in', async () => {
    const { sessions, open } = await setUp();
    const { id } = await open(async () => undefined);
    await sessions.destroy(ALICE_ID, id);
    await expect(open(async () => undefined)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(sessions.live.size).toBe(0);
  });

  test('is none that was revoked and came back, and the browser’s cookie lets nobody in', async () => {
    const { sessions, revoked, logIns, open } = await setUp();
    const { id } = await open(async () => undefined);
    expect(await logIns.isLive(ALICE_ID, ORIGIN.browser)).toBe(true);
    revoked.add(id);
    expect(await logIns.isLive(ALICE_ID, ORIGIN.browser)).toBe(false);
    const touch = vi.spyOn(sessions, 'touch');
    await expect(open(async () => undefined)).rejects.toMatchObject({ error: 'invalid_grant' });
    // Prolonged, it would outlive its revocation.
    expect(touch).not.toHaveBeenCalled();
    await logIns.prune(ALICE_ID, ORIGIN.browser);
    expect((await open(async () => undefined)).id).not.toBe(id);
  });
});
