import { assembleBrowserSessions } from '../browser/assemble.ts';
import { createWorkloadProof } from '../exchange/workload-proof.ts';
import { clientAddress } from '../http/client-address.ts';
import { createServer } from '../http/server.ts';
import { createLogin } from '../login/login.ts';
import { Browser } from '../oauth/testing/browser.ts';
import { createPresentAccess } from '../refresh/present-access.ts';
import { createSessionEndings } from '../sessions/session-endings.ts';
import { FakeCluster } from './cluster.ts';
import { alice, createFixture, type FixtureOptions } from './fixture.ts';
import { memoryRefresh } from './memory-refresh.ts';

export const SHOP = 'https://shop.example';
export const TOKEN_URL = '/v1/browser-sessions/token';

/** The log-in page and what the guard asks, in memory, with a browser before it. */
export async function browserFixture(options: FixtureOptions = {}) {
  const fixture = createFixture(options);
  const { sessions, accounts, revocations, mint, clock, metrics, passwords, limits, log } = fixture;
  const cluster = new FakeCluster(clock);
  const endings = createSessionEndings({ sessions, revoker: revocations, revocations, metrics });
  const endSession = async (userId: string, id: string) => void (await endings.one(userId, id, 'logout'));
  const common = { accounts, mint, clock, tokenLifetime: 900, endSession };
  const store = memoryRefresh(sessions, clock);
  const finds: string[] = [];
  const browserSessions = assembleBrowserSessions({
    ...{ metrics, clientAddress, endings },
    store: {
      ...store,
      find(userId, sessionId) {
        finds.push(userId);
        return store.find(userId, sessionId);
      },
    },
    encryptionKeys: { current: Buffer.alloc(32, 7), previous: [] },
    isRevoked: ({ id }) => revocations.check({ session: { id } }) !== undefined,
    loginWith: (beginRefresh) => createLogin({ ...common, passwords, sessions, limits, beginRefresh }),
    presentAccess: createPresentAccess(common),
    workloads: [{ namespace: 'shop', serviceAccount: 'guard' }],
    proveWorkload: createWorkloadProof({ clusterKeys: cluster.keys(), clock }),
  });
  const app = createServer(log);
  browserSessions.routes(app);
  browserSessions.pages(app);
  const browser = new Browser(app, SHOP);
  return {
    ...fixture,
    app,
    browser,
    cluster,
    /** Users whose sessions were looked up, in order. */
    finds,
    async logIn(password = 'correct horse', at = '/login?to=%2Fitems') {
      return browser.submit(await browser.get(at), { email: alice.email, password });
    },
    cookie: () => browser.cookies.get('__Host-sekisho_browser /'),
    /** What the guard is answered. */
    async exchange(cookie: unknown, token?: string) {
      const authorization = `Bearer ${token ?? (await cluster.token('guard'))}`;
      return app.inject({ method: 'POST', url: TOKEN_URL, headers: { authorization }, payload: { cookie } });
    },
  };
}
