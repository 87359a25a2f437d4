import * as oauth from '/web/oauth4webapi.js';

/**
 * @typedef {object} Settings
 * @property {string} issuer
 * @property {string} clientId
 */

/** What has to be there again when the browser comes back; of no use without the code that comes with it. */
const PENDING = 'log-in';
const REDIRECT_URI = `${location.origin}/`;
/** Only of a loopback address do browsers let a page without TLS get this far: elsewhere there is no `crypto.subtle`. */
const OPTIONS = { [oauth.allowInsecureRequests]: location.protocol === 'http:' };

/**
 * Leaves for the log-in page: authorization code with PKCE (RFC 9700 section 2.1.1), bound to this tab by `state` and `nonce`.
 * @param {Settings} settings
 * @param {string} language
 */
export async function leaveToLogIn(settings, language) {
  const { authorization_endpoint: endpoint } = await discover(settings);
  if (endpoint === undefined) throw new Error('the issuer names no authorization endpoint');
  const pending = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(endpoint);
  url.search = new URLSearchParams({
    client_id: settings.clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
    ui_locales: language,
  }).toString();
  location.assign(url);
}

/**
 * Takes what the log-in page sent the browser back with. The access token is kept in memory alone: a reload forgets it.
 * @param {Settings} settings
 * @returns {Promise<string | undefined>} the access token, or undefined when nobody comes back
 */
export async function returnFromLogIn(settings) {
  const url = new URL(location.href);
  if (!url.searchParams.has('state')) return undefined;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null');
  sessionStorage.removeItem(PENDING);
  // The code works once, and is in nobody's history.
  history.replaceState(null, '', REDIRECT_URI);
  if (pending === null) throw new Error('no log-in was begun in this tab');
  const server = await discover(settings);
  const client = { client_id: settings.clientId };
  const code = oauth.validateAuthResponse(server, client, url, pending.state);
  const { verifier, nonce } = pending;
  const answer = await oauth.authorizationCodeGrantRequest(
    ...[server, client, oauth.None(), code, REDIRECT_URI, verifier, OPTIONS],
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return tokens.access_token;
}

/** @param {Settings} settings */
async function discover({ issuer }) {
  const url = new URL(issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, OPTIONS));
}
