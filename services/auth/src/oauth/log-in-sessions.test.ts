import { SessionError, type SessionStore } from '@sekisho/sessions';
import { createMetrics } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { createAuthMetrics } from '../metrics.ts';
import { memorySessions } from '../testing/memory-sessions.ts';
import { createLogInSessions } from './log-in-sessions.ts';
import type { BrowserSessions } from './store/browser-sessions.ts';

const now = new Date('2026-03-01T00:00:00Z');
const logIn = { userId: 'u1', clientId: 'shop', device: {}, ip: '192.0.2.1', browser: 'b1' };

function memoryBrowsers(): BrowserSessions {
  const links = new Map<string, Map<string, string>>();
  const of = (browser: string) => links.get(browser) ?? new Map<string, string>();
  return {
    linked: async (browser) => new Map(of(browser)),
    async link(browser, clientId, sessionId) {
      const linked = of(browser).get(clientId) ?? sessionId;
      links.set(browser, new Map([...of(browser), [clientId, linked]]));
      return linked;
    },
    async forget(browser, clientIds) {
      const rest = of(browser);
      for (const clientId of clientIds) rest.delete(clientId);
      links.set(browser, rest);
    },
  };
}

/** Of one of several regions while another one is behind: it would wait for that, if it were told to. */
function behindAnother(sessions: SessionStore): SessionStore {
  return {
    ...sessions,
    async get(userId, id, from) {
      const found = await sessions.get(userId, id);
      if (found === undefined && from !== undefined) throw new SessionError('session_untold', 'it may live elsewhere');
      return found;
    },
  };
}

function setUp(wrap: (sessions: SessionStore) => SessionStore = (sessions) => sessions) {
  const sessions = memorySessions(() => now);
  const ended: unknown[] = [];
  const logIns = createLogInSessions({
    sessions: wrap(sessions),
    browsers: memoryBrowsers(),
    endSession: async (...args) => void ended.push(args),
    isRevoked: () => false,
    metrics: createAuthMetrics(createMetrics({ processMetrics: false })),
  });
  return { sessions, logIns, ended };
}

describe('a browser that is logged in', () => {
  test('keeps one session of each application', async () => {
    const { logIns } = setUp();
    const first = await logIns.open(logIn);
    const again = await logIns.open(logIn);
    expect([first?.created, again?.created]).toEqual([true, false]);
    expect(again?.session.id).toBe(first?.session.id);
    expect((await logIns.open({ ...logIn, clientId: 'forum' }))?.created).toBe(true);
  });

  test('and whose session is over is asked to log in, and waits for no other region', async () => {
    const { sessions, logIns } = setUp(behindAnother);
    const opened = await logIns.open(logIn);
    expect(await logIns.isLive('u1', 'b1')).toBe(true);
    await sessions.destroy('u1', opened?.session.id ?? '');
    expect(await logIns.isLive('u1', 'b1')).toBe(false);
    expect(await logIns.open(logIn)).toBeUndefined();
    await logIns.prune('u1', 'b1');
    expect(await logIns.isLive('u1', 'b1')).toBe(true);
    expect((await logIns.open(logIn))?.created).toBe(true);
  });

  test('is asked for nothing while nobody can tell whether its session lives', async () => {
    let isAway = false;
    const away = new SessionError('redis_unavailable', 'away');
    const { logIns } = setUp((sessions) => ({
      ...sessions,
      get: (...args) => (isAway ? Promise.reject(away) : sessions.get(...args)),
      touch: (...args) => (isAway ? Promise.reject(away) : sessions.touch(...args)),
    }));
    await logIns.open(logIn);
    isAway = true;
    await expect(logIns.isLive('u1', 'b1')).rejects.toBe(away);
    await expect(logIns.open(logIn)).rejects.toBe(away);
    await expect(logIns.prune('u1', 'b1')).rejects.toBe(away);
  });
});
