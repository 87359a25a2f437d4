import { createHash, randomBytes } from 'node:crypto';
import type { Browser } from '../../oauth/testing/browser.ts';
import { CALLBACK } from '../../oauth/testing/world.ts';
import { type Actor, shown, Unavailable } from './actor.ts';

export interface OAuthTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** Authorization code with PKCE on the pages, everything that its tokens are good for, and the end by the token or the browser. */
export async function codeRound(actor: Actor, clientId: string, by: 'token' | 'browser'): Promise<void> {
  const browser = actor.browser();
  const tokens = await authorize(actor, browser, clientId);
  await actor.call({ url: '/oauth/userinfo', token: tokens.accessToken, expected: [200] });
  const next = await refresh(actor, clientId, tokens.refreshToken);
  if (next === undefined) return;
  const last = { ...tokens, ...next };
  const [, late] = await Promise.all([
    by === 'token' ? revoke(actor, clientId, last.refreshToken) : logOut(actor, browser, tokens.idToken),
    refreshMeanwhile(actor, clientId, last.refreshToken),
  ]);
  await expectOver(actor, { clientId, confirmed: by === 'token' }, { ...last, ...late });
}

/** A device, allowed in a browser that has nothing to do with it. */
export async function deviceRound(actor: Actor, clientId: string): Promise<void> {
  const form = { client_id: clientId, scope: 'openid' };
  const started = (
    await actor.call({ method: 'POST', url: '/oauth/device_authorization', form, expected: [200] })
  ).json();
  const browser = actor.browser();
  const typed = shown('device', await browser.get(`/oauth/device?user_code=${started.user_code}`), 'user_code');
  const confirm = shown('confirm', await browser.submit(typed, { user_code: started.user_code }), 'confirm');
  const page = shown('device log-in', await browser.submit(confirm, { confirm: 'yes' }), 'name="password"');
  const { email, password } = actor.user;
  shown('connected', await browser.submit(page, { do: 'log-in', email, password }), 'connected');
  const poll = { client_id: clientId, grant_type: DEVICE, device_code: started.device_code };
  const tokens = toTokens((await grant(actor, poll, [200])).json());
  await revoke(actor, clientId, tokens.refreshToken);
  await expectOver(actor, { clientId, confirmed: true }, tokens);
}

async function authorize(actor: Actor, browser: Browser, clientId: string): Promise<OAuthTokens> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const page = shown('authorize', await browser.get(`/oauth/authorize?${query}`), 'name="password"');
  const { email, password } = actor.user;
  const back = shown('log-in', await browser.submit(page, { do: 'log-in', email, password }), 'code=');
  const code = back.url.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK };
  return toTokens((await grant(actor, { ...form, client_id: clientId }, [200])).json());
}

function grant(actor: Actor, form: Readonly<Record<string, string>>, expected: readonly number[]) {
  return actor.call({ method: 'POST', url: '/oauth/token', form, expected });
}

async function refresh(actor: Actor, clientId: string, refreshToken: string) {
  return actor.insist((again) => tryRefresh(actor, { clientId, refreshToken }, again ? [200, 400] : [200]));
}

async function refreshMeanwhile(actor: Actor, clientId: string, refreshToken: string) {
  try {
    return await tryRefresh(actor, { clientId, refreshToken }, [200, 400]);
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

async function tryRefresh(
  actor: Actor,
  { clientId, refreshToken }: { clientId: string; refreshToken: string },
  expected: readonly number[],
) {
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
  const response = await grant(actor, form, expected);
  if (response.statusCode !== 200) return undefined;
  const { accessToken, refreshToken: successor } = toTokens(response.json());
  return { accessToken, refreshToken: successor };
}

/** RFC 7009, until it is answered. */
function revoke(actor: Actor, clientId: string, token: string): Promise<unknown> {
  const form = { client_id: clientId, token };
  return actor.insist(() => actor.call({ method: 'POST', url: '/oauth/revoke', form, expected: [200] }));
}

/** OpenID Connect RP-Initiated Logout, until the browser is told that it is logged out. */
function logOut(actor: Actor, browser: Browser, idToken: string): Promise<unknown> {
  return actor.insist(async () => {
    const page = shown('log-out', await browser.get(`/oauth/logout?id_token_hint=${idToken}`), '<form');
    shown('logged out', await browser.submit(page, { logout: 'yes' }), '/oauth/logout/success');
  });
}

interface Ending {
  readonly clientId: string;
  /** A refresh token names its session also when Redis lost that; of a browser's log-in that it lost nobody knows. */
  readonly confirmed: boolean;
}

async function expectOver(
  actor: Actor,
  { clientId, confirmed }: Ending,
  { accessToken, refreshToken }: Omit<OAuthTokens, 'idToken'>,
): Promise<void> {
  const sessionId: string = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).session.id;
  if (!actor.noteEnded({ accessToken, refreshToken, sessionId, clientId }, confirmed)) return;
  await grant(actor, { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken }, [400]);
  await actor.call({ url: '/v1/sessions', token: accessToken, expected: [401] });
}

function toTokens(body: Readonly<Record<string, unknown>>): OAuthTokens {
  const text = (name: string) => String(body[name]);
  return { accessToken: text('access_token'), refreshToken: text('refresh_token'), idToken: text('id_token') };
}
