import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Identity, identities } from '../differential/identities.ts';
import { send } from '../differential/wire.ts';
import { ECHO, type Echo, MEMBERS, openEcho, PUBLIC } from '../echo/echo.ts';
import { type ApplicationTokens, applicationTokens } from '../echo/id-token.ts';
import { Cluster } from '../mesh/cluster.ts';
import { waitFor } from '../mesh/wait.ts';
import { Accounts } from '../story/accounts.ts';
import { settle } from '../story/settle.ts';

const LONG = 60_000;
/** Called like the service, so that the service is the audience of its id tokens. */
const APPLICATION = { id: ECHO.name, redirectUri: 'https://application.example/callback' };

const mesh = inject('mesh');
const cluster = new Cluster(mesh.kubeconfig);
const accounts = new Accounts(mesh);
let echo: Echo;
let gateway: Identity;
let tokens: ApplicationTokens;

beforeAll(async () => {
  echo = await openEcho(mesh, cluster);
  gateway = await (await identities(cluster))('spiffe://cluster.local/ns/istio-edge/sa/edge-istio');
  await register();
  // In the second of a revocation by another test a log-in is told to come back.
  tokens = await waitFor('somebody logs in to the application', logIn, { timeout: LONG });
}, 4 * LONG);
afterAll(async () => {
  await echo?.[Symbol.asyncDispose]();
  await cluster.close();
});

async function register(): Promise<void> {
  const { id, redirectUri } = APPLICATION;
  const grantTypes = ['authorization_code'];
  const body = { id, name: 'Echo', firstParty: true, authMethod: 'none', grantTypes, redirectUris: [redirectUri] };
  const { status, text } = await accounts.call('/v1/clients', { method: 'POST', body });
  // 409: an earlier run of the suite has registered it.
  if (status !== 201 && status !== 409) throw new Error(`register: ${status} ${text}`);
}

async function logIn(): Promise<ApplicationTokens> {
  const grants = [{ service: ECHO.name, permissions: ['echo:read'] }];
  return applicationTokens(mesh, APPLICATION, await accounts.create({ name: 'member', roles: [], grants }));
}

/** The answer of the service's own proxy, past the guard at the edge. */
async function atService(token: string, target: string): Promise<string> {
  const headers = [['Authorization', `Bearer ${token}`]] as const;
  const answer = await send({ method: 'GET', target, headers }, { ...echo.address, identity: gateway });
  return answer === 'cut' ? 'cut' : `${answer.status}${answer.status === 200 ? '' : ` ${answer.body}`}`;
}

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

describe('an id token of an application that is called like a service', () => {
  test('has the issuer, the audience and a key that the service takes', async () => {
    expect(claimsOf(tokens.idToken)).toMatchObject({ iss: mesh.auth.issuer, aud: ECHO.name });
    expect(await atService(tokens.idToken, PUBLIC)).toBe('200');
  });

  test('is no access token where the service asks for no more than one', async () => {
    expect(await atService(tokens.idToken, MEMBERS)).toBe('403 RBAC: access denied');
    expect(await atService(tokens.accessToken, MEMBERS)).toBe('200');
  });

  test('is none at the edge either', { timeout: 3 * LONG }, async () => {
    const url = mesh.edge + MEMBERS;
    expect(await settle(url, { token: tokens.idToken }, '401 token_invalid', LONG)).toBe('401 token_invalid');
    expect(await settle(url, { token: tokens.accessToken }, '200', LONG)).toBe('200');
  });
});
