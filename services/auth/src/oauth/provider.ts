import type { Logger } from '@sekisho/telemetry';
import type { EncryptionKeys, PublicJwk, SigningKey } from '@sekisho/tokens';
import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { EXCHANGE_PARAMS, exchangeGrant, TOKEN_EXCHANGE } from '../exchange/grant-type.ts';
import { AUTH_METHODS, type ClientStore } from './clients/client.ts';
import { OWN_METADATA, ownClient } from './clients/metadata.ts';
import { matchesSecret } from './clients/secret.ts';
import { cookies } from './cookies.ts';
import { features } from './features.ts';
import { authorizationCode } from './grants/authorization-code.ts';
import { assertShortLived } from './grants/client-assertion.ts';
import { clientCredentials } from './grants/client-credentials.ts';
import type { GrantDependencies } from './grants/context.ts';
import { deviceCode } from './grants/device-code.ts';
import { refreshToken } from './grants/refresh-token.ts';
import { installHooks } from './hooks.ts';
import type { Issuer } from './issuer.ts';
import { interactionRules, loadExistingGrant } from './policy.ts';
import { type ProviderPages, providerPages } from './provider-pages.ts';
import { toProviderKeys } from './signing-keys.ts';
import { createAdapterFactory } from './store/adapter.ts';
import type { TokenEndpoints } from './token-endpoints.ts';
import { available } from './unavailable.ts';

export interface ProviderOptions extends GrantDependencies {
  readonly tokenEndpoints: TokenEndpoints;
  readonly issuer: Issuer;
  readonly clients: Pick<ClientStore, 'find'>;
  /** What the keys of cookies are derived from. */
  readonly encryptionKeys: EncryptionKeys;
  /** For back-channel logout. */
  readonly fetch: typeof globalThis.fetch;
  readonly log: Logger;
}

export interface ProviderKeys {
  readonly active: SigningKey;
  /** All of the issuer's. */
  readonly published: readonly PublicJwk[];
}

export const ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  pushed_authorization_request: '/oauth/par',
  device_authorization: '/oauth/device_authorization',
  code_verification: '/oauth/device',
  end_session: '/oauth/logout',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  jwks: '/.well-known/jwks.json',
} as const;

/** Seconds. */
const TTL = {
  AuthorizationCode: 60,
  DeviceCode: 600,
  Interaction: 1_800,
  PushedAuthorizationRequest: 60,
  Session: 7 * 86_400,
  Grant: 30 * 86_400,
  IdToken: 600,
} as const;
export const SESSION_SECONDS = TTL.Session;
export const ID_TOKEN_SECONDS = TTL.IdToken;

const CLIENT_SIGNATURES = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519'] as const;

/** The authorization server for one set of keys: it holds no state of its own, so another takes its place when they change. */
export function createProvider(options: ProviderOptions, keys: ProviderKeys): Provider {
  const { issuer, log, accounts } = options;
  const pages = providerPages(async (userId) => (await available(accounts.find(userId)))?.email);
  const provider = new Provider(issuer.issuer, configuration(options, keys, pages));
  // What they are is set by us from the issuer before each request.
  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = async function compareClientSecret(actual: string) {
    return matchesSecret(ownClient(this).secretHashes, actual);
  };
  registerGrants(provider, options);
  const verifiable = new Set([keys.active.kid, ...keys.published.map(({ kid }) => kid)]);
  installHooks(provider, { ...options, pages, verifiable, devicePath: ROUTES.code_verification });
  provider.silent = true;
  provider.on('server_error', (ctx, err) => log.error({ err, route: ctx.oidc?.route }, 'OAuth request failed'));
  return provider;
}

function registerGrants(provider: Provider, options: ProviderOptions): void {
  const resource = new Set(['resource']);
  const register = (name: string, handler: ReturnType<typeof authorizationCode>, params: readonly string[]) =>
    provider.registerGrantType(name, (ctx) => available(handler(ctx)), new Set([...params, 'resource']), resource);
  register('authorization_code', authorizationCode(provider, options), ['code', 'code_verifier', 'redirect_uri']);
  register('urn:ietf:params:oauth:grant-type:device_code', deviceCode(provider, options), ['device_code']);
  register('refresh_token', refreshToken(provider, options), ['refresh_token', 'scope']);
  register('client_credentials', clientCredentials(provider, options), ['scope']);
  const { exchange } = options;
  if (exchange !== undefined) register(TOKEN_EXCHANGE, exchangeGrant({ ...options, exchange }), EXCHANGE_PARAMS);
}

function configuration(
  options: ProviderOptions,
  { active, published }: ProviderKeys,
  pages: ProviderPages,
): Configuration {
  const { issuer, encryptionKeys, resources, artefacts, clients, accounts, fetch } = options;
  const idTokenAlg = active.publicJwk.alg;
  return {
    adapter: createAdapterFactory({ artefacts, clients, idTokenAlg }),
    jwks: { keys: toProviderKeys(active, published) },
    routes: ROUTES,
    ttl: TTL,
    cookies: cookies(issuer, encryptionKeys),
    features: features(resources, pages),
    renderError: pages.error,
    interactions: {
      policy: interactionRules(options),
      url: (_, { uid }) => `${issuer.basePath}/oauth/interaction/${uid}`,
    },
    loadExistingGrant: loadExistingGrant(options),
    findAccount: async (_, id) => {
      const account = await available(accounts.find(id));
      return account?.active === true ? { accountId: id, claims: () => ({ sub: id }) } : undefined;
    },
    scopes: ['openid', 'email', 'offline_access'],
    claims: { openid: ['sub', 'auth_time', 'amr', 'at_hash', 'sid'], email: ['email'] },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientAuthMethods: [...AUTH_METHODS],
    enabledJWA: {
      idTokenSigningAlgValues: [idTokenAlg],
      clientAuthSigningAlgValues: [...CLIENT_SIGNATURES],
    },
    clientDefaults: { id_token_signed_response_alg: idTokenAlg },
    assertJwtClientAuthClaimsAndHeader: assertShortLived,
    extraClientMetadata: { properties: [OWN_METADATA] },
    clientBasedCORS: allowsOrigin,
    expiresWithSession: () => true,
    issueRefreshToken: () => false,
    acrValues: [],
    clockTolerance: 5,
    fetch: statusOnly(fetch),
    discovery: {
      userinfo_endpoint: issuer.url('/oauth/userinfo'),
      ui_locales_supported: ['en', 'ja'],
    },
  };
}

/** The status alone counts: a body could be of any length, and holds the connection until it is read. */
function statusOnly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (url, init) => {
    const response = await fetch(url, { ...init, redirect: 'error' });
    await response.body?.cancel();
    return response;
  };
}

/** Scripts of a public client may call from where its pages are; no other script may. */
function allowsOrigin(_: KoaContextWithOIDC, origin: string, client: object): boolean {
  const { authMethod, redirectUris } = ownClient(client);
  return authMethod === 'none' && redirectUris.some((uri) => URL.parse(uri)?.origin === origin);
}
