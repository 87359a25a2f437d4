import { randomBytes } from 'node:crypto';
import { type AccessClaims, createVerifier } from '@sekisho/tokens';
import * as oidc from 'openid-client';
import type { Service, ServiceOptions } from '../../service.ts';
import { type DatabaseKind, startService, untilReady } from '../../testing/real-service.ts';
import { type Answer, Browser } from './browser.ts';
import { asAdmin, fetchInto } from './platform.ts';

export const ISSUER = 'https://auth.test';
export const CALLBACK = 'https://app.example/callback';
export const PASSWORD = 'correct horse battery';

export interface TestClient {
  readonly id: string;
  readonly secret: string;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The service on real stores, with people and applications that a test makes as it needs them. */
export async function startWorld(kind: DatabaseKind, redisUrl: string, options: Partial<ServiceOptions> = {}) {
  const database = await kind.create();
  const service = await startService({ issuer: ISSUER, redisUrl, databaseUrl: database.url, ...options });
  await untilReady(service);
  const issuer = options.issuer ?? ISSUER;
  return {
    service,
    browser: () => new Browser(service.publicApp, new URL(issuer).origin),
    addUser: (overrides: object = {}) => addUser(service, overrides),
    addClient: (overrides: object) => addClient(service, overrides),
    claimsOf: (token: string, audience: string) => claimsOf(service, token, audience),
    configFor: (client: TestClient, auth?: oidc.ClientAuth) =>
      oidc.discovery(new URL(issuer), client.id, undefined, auth ?? oidc.ClientSecretBasic(client.secret), {
        [oidc.customFetch]: fetchInto(service.publicApp),
      }),
    close: async () => {
      await service.close();
      await database.remove();
    },
  };
}

async function addUser(service: Service, overrides: object) {
  const email = `${randomBytes(6).toString('hex')}@example.org`;
  const grants = [
    { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
    { service: 'user', permissions: ['user:read'] },
  ];
  const user = { email, password: PASSWORD, roles: ['member'], permissions: ['a:b'], grants, ...overrides };
  const created = await asAdmin(service, 'POST', '/v1/users', user);
  if (created.statusCode !== 201) throw new Error(created.body);
  const { id }: { id: string } = created.json();
  return { id, email: user.email, password: PASSWORD };
}

async function addClient(service: Service, overrides: object): Promise<TestClient> {
  const client = {
    id: `app-${randomBytes(6).toString('hex')}`,
    name: 'The Shop',
    firstParty: true,
    authMethod: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [CALLBACK],
    ...overrides,
  };
  const created = await asAdmin(service, 'POST', '/v1/clients', client);
  if (created.statusCode !== 201) throw new Error(created.body);
  return { id: client.id, secret: created.json().secret ?? '' };
}

async function claimsOf(service: Service, token: string, audience: string): Promise<AccessClaims> {
  const jwks = (await service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
  return createVerifier({ issuer: ISSUER, audience, jwks: () => jwks, clock: () => new Date() })(token);
}

/** An authorization request with everything that it needs, and what its answer is checked with. */
export async function authorizationRequest(
  config: oidc.Configuration,
  parameters: Readonly<Record<string, string>> = {},
) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  return { url, verifier, checks };
}

export function logIn(browser: Browser, page: Answer, user: { readonly email: string; readonly password: string }) {
  return browser.submit(page, { do: 'log-in', email: user.email, password: user.password });
}
