import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@sekisho/kube';
import { BROWSER_COOKIE, createVerifier, type Jwks } from '@sekisho/tokens';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createAuthClient } from '../auth/auth-client.ts';
import { patientFetch } from '../testing/patient-fetch.ts';
import { createExchangeCookie } from './exchange-cookie.ts';

/** By its path: what the auth service is made of is none of the guard's business. */
const AUTH = fileURLToPath(new URL('../../../auth/src/testing/replicas-process.ts', import.meta.url));
const USER = { email: 'reader@example.org', password: 'correct horse battery' };
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };

interface Auth {
  readonly replicas: readonly { readonly url: string; readonly adminUrl: string }[];
  readonly admin: object;
  readonly tokens: { readonly guard: string; readonly other: string };
}

describe.runIf(inject('postgresUrl') !== '')(
  'cookies of the log-in page, with two replicas of the auth service',
  () => {
    let process: ChildProcess;
    let auth: Auth;

    beforeAll(async () => {
      process = fork(AUTH, [inject('postgresUrl'), inject('redisUrl')]);
      [auth] = (await once(process, 'message')) as [Auth];
      const token = ((await (await post('/v1/sessions', auth.admin)).json()) as { access_token: string }).access_token;
      const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ ...USER, roles: [], permissions: [], grants });
      const made = await patientFetch(`${auth.replicas[0]?.adminUrl}/v1/users`, { method: 'POST', headers, body });
      expect(made.status).toBe(201);
    });
    afterAll(async () => {
      const ended = once(process, 'exit');
      process.disconnect();
      await ended;
    });

    const urlOf = (replica = 0) => auth.replicas[replica]?.url ?? '';

    function post(path: string, body: object): Promise<Response> {
      const headers = { 'content-type': 'application/json' };
      return patientFetch(urlOf() + path, { method: 'POST', headers, body: JSON.stringify(body) });
    }

    /** As a browser does, the form of a page with the cookie that came with it. */
    async function logIn(): Promise<string> {
      const page = await patientFetch(`${urlOf()}/login?to=%2Fitems`);
      const csrf = /name="csrf" value="([^"]*)"/.exec(await page.text())?.[1] ?? '';
      const answer = await patientFetch(`${urlOf()}/login?to=%2Fitems`, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...SAME_ORIGIN, cookie: pairOf(page) },
        body: new URLSearchParams({ ...USER, csrf }),
      });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/items']);
      return pairOf(answer);
    }

    const pairOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
    const cookieOf = (pair: string) => pair.replace(`${BROWSER_COOKIE}=`, '');

    /** Patient: how long a busy machine takes is not what is tested. */
    function exchange(cookie: string, token = auth.tokens.guard) {
      const readToken = async () => token;
      const options = { authUrl: urlOf(1), readToken, fetch: patientFetch, clock: systemClock, timeoutMs: 60_000 };
      return createExchangeCookie(createAuthClient(options))(cookie);
    }

    test('bring a token of their session at the other replica, until its user logs out', async () => {
      const cookie = await logIn();
      const exchanged = await exchange(cookieOf(cookie));
      const jwks = (await (await patientFetch(`${urlOf()}/.well-known/jwks.json`)).json()) as Jwks;
      const clock = () => new Date();
      const verify = createVerifier({ issuer: 'https://auth.test', audience: 'bucket', jwks: () => jwks, clock });
      expect(await verify(exchanged?.token ?? '')).toMatchObject({
        services: { bucket: { permissions: ['bucket:read'] } },
      });
      const out = await patientFetch(`${urlOf()}/logout`, { method: 'POST', headers: { ...SAME_ORIGIN, cookie } });
      expect(out.status).toBe(200);
      expect(pairOf(out)).toBe(`${BROWSER_COOKIE}=`);
      expect(await exchange(cookieOf(cookie))).toBeUndefined();
    });

    test('are exchanged for nobody else, and forged ones for nobody', async () => {
      const cookie = cookieOf(await logIn());
      await expect(exchange(cookie, auth.tokens.other)).rejects.toMatchObject({ code: 'auth_refused' });
      const content = Buffer.from(cookie.slice(4), 'base64url').toString('latin1');
      const forged = content.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
      expect(await exchange(`skb_${Buffer.from(forged, 'latin1').toString('base64url')}`)).toBeUndefined();
    });
  },
);
