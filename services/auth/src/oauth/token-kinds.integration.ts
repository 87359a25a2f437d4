import { decide, parseServiceAuthPolicy, prepareDecision } from '@sekisho/policy';
import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { databaseKinds, logIn } from '../testing/real-service.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';
import { newShopper } from './testing/shopper.ts';
import { ISSUER, startWorld, type World } from './testing/world.ts';

/** An application that is called like a service: the audience of its id and log-out tokens is the service. */
const SERVICE = 'bucket';
const PATIENCE = { timeout: 60_000, interval: 20 };
const [kind] = databaseKinds('');
let world: World;
let receiver: Receiver;
let application: oidc.Configuration;

beforeAll(async () => {
  if (kind === undefined) throw new Error('there is always an embedded database');
  receiver = await startReceiver();
  world = await startWorld(kind, inject('redisUrl'), { fetch: receiver.fetch });
  const client = await world.addClient({
    ...{ id: SERVICE, backchannelLogoutUri: receiver.uriOf(SERVICE) },
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    grants: [{ service: SERVICE, permissions: ['bucket:read'] }],
  });
  application = await world.configFor(client);
});
afterAll(async () => {
  await world?.close();
  await receiver?.close();
});

/**
 * What the service's proxy makes of a token where being authenticated is enough: it verifies signature, issuer, audience and times, and
 * looks at no `typ` (RFC 7515 section 4.1.9).
 * @param requiredClaims of the TokenIssuer
 */
async function atProxy(token: string, requiredClaims: readonly object[] = [{ path: ['client_id'] }]): Promise<string> {
  const jwks = (await world.service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { issuer: ISSUER, audience: SERVICE });
  const rules = [{ name: 'members', allow: { authenticated: true } }];
  const spec = { selector: { matchLabels: { app: SERVICE } }, issuers: ['platform'], rules };
  const policy = parseServiceAuthPolicy({ metadata: { name: SERVICE, namespace: 'shop' }, spec });
  const issuer = { metadata: { name: 'platform' }, spec: { issuer: ISSUER, jwks, ...of(requiredClaims) } };
  const prepared = policy.ok ? prepareDecision(policy.value, [{ issuer }], 'cluster.local') : policy;
  if (!prepared.ok) throw new Error(JSON.stringify(prepared));
  const identity = { token: { state: 'verified', claims: payload } } as const;
  const decision = decide(prepared.policy, { method: 'GET', path: '/', port: 8080 }, identity);
  return decision.allowed ? 'allowed' : decision.code;
}

function of(requiredClaims: readonly object[]): object {
  return requiredClaims.length === 0 ? {} : { requiredClaims };
}

test('every access token is told from an id token and a log-out token by its claims alone', async () => {
  const { user, accessToken, refreshToken, idToken, sid } = await newShopper(world, application);
  const refreshed = await oidc.refreshTokenGrant(application, refreshToken);
  const resource = `${ISSUER}/services/${SERVICE}`;
  const own = await oidc.clientCredentialsGrant(application, { resource });
  const direct = await logIn(world.service, { email: user.email, password: user.password });
  for (const token of [accessToken, refreshed.access_token, own.access_token, direct.json().access_token]) {
    expect(await atProxy(token)).toBe('allowed');
  }
  const headers = { authorization: `Bearer ${refreshed.access_token}` };
  await world.service.publicApp.inject({ method: 'DELETE', url: '/v1/sessions/current', headers });
  const told = () => receiver.received.find((one) => one.sid === sid)?.token;
  await expect.poll(told, PATIENCE).toBeDefined();
  for (const token of [idToken, told() ?? '']) {
    expect(await atProxy(token)).toBe('token_invalid');
    // It is this claim that they lack, and nothing else.
    expect(await atProxy(token, [])).toBe('allowed');
  }
});
