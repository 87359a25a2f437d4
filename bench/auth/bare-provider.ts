import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { type JWK, Provider } from 'oidc-provider';
import { CHAINS, type ProviderOrder, RESOURCE } from './bare-provider-order.ts';
import { mapAdapter } from './map-adapter.ts';

/**
 * oidc-provider by itself, with a store in memory: the same grants, the same kinds of clients, and access tokens as
 * JWTs that it signs with ES256. None of our code.
 */
const { port, secretClient, keyClient }: ProviderOrder = JSON.parse(process.argv[2] ?? '');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' } as JWK;
const grants = ['client_credentials', 'refresh_token', 'authorization_code'];
const common = {
  grant_types: grants,
  redirect_uris: ['https://app.example/callback'],
  scope: 'offline_access bucket:read',
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: mapAdapter,
  clients: [
    { ...common, client_id: secretClient.id, client_secret: secretClient.secret },
    {
      ...common,
      client_id: keyClient.id,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [keyClient.key as JWK] },
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  jwks: { keys: [signingKey] },
  scopes: ['offline_access', 'bucket:read'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
  rotateRefreshToken: true,
  findAccount: async (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  ttl: { AccessToken: 900, ClientCredentials: 300, RefreshToken: 604_800, Grant: 604_800 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      getResourceServerInfo: () => ({ scope: 'bucket:read', accessTokenFormat: 'jwt' }),
    },
  },
});

/** As if so many users had logged in. */
async function refreshTokens(): Promise<readonly string[]> {
  const client = await provider.Client.find(secretClient.id);
  if (client === undefined) throw new Error('the client is not registered');
  return Promise.all(Array.from({ length: CHAINS }, () => refreshToken(client)));
}

async function refreshToken(client: InstanceType<Provider['Client']>): Promise<string> {
  const accountId = randomUUID();
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope('offline_access');
  grant.addResourceScope(RESOURCE, 'bucket:read');
  const grantId = await grant.save();
  const scope = 'offline_access bucket:read';
  const token = { accountId, client, grantId, scope, resource: RESOURCE, gty: 'authorization_code' };
  return new provider.RefreshToken(token).save();
}

const handle = provider.callback();
const seeded = JSON.stringify(await refreshTokens());
createServer((request, response) => {
  if (request.url === '/refresh-tokens') response.end(seeded);
  else handle(request, response);
}).listen(port, '127.0.0.1');
