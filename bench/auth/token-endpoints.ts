import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import type { BareStores } from '@sekisho/test-e2e/mesh';
import { HttpClient } from '../http.ts';
import type { Call } from '../load.ts';
import { ServerProcess } from '../server-process.ts';
import { type ProviderOrder, RESOURCE } from './bare-provider-order.ts';
import { basic } from './basic.ts';
import { Chains } from './chains.ts';
import { ClientKey } from './client-key.ts';
import type { ConfidentialClient } from './platform.ts';

/** A token endpoint, and the calls that its clients make. */
export interface TokenEndpoint {
  readonly server: ServerProcess;
  readonly secret: Call;
  readonly key: Call;
  readonly refresh: Call;
}

export interface TokenClients {
  readonly secretClient: ConfidentialClient;
  readonly keyClient: { readonly id: string; readonly key: ClientKey };
}

export interface EndpointOptions extends TokenClients {
  readonly path: string;
  readonly http: HttpClient;
  readonly server: ServerProcess;
  readonly issuer: string;
  readonly refreshTokens: readonly string[];
  /** Parameters that every token request has. */
  readonly more?: Readonly<Record<string, string>>;
}

export function tokenEndpoint({ path, http, server, issuer, more, ...clients }: EndpointOptions): TokenEndpoint {
  const { secretClient, keyClient, refreshTokens } = clients;
  const chains = new Chains(refreshTokens);
  const headers = basic(secretClient);
  const ask = async (parameters: Readonly<Record<string, string>>, own: object = {}) =>
    http.send({ method: 'POST', path, body: new URLSearchParams({ ...parameters, ...more }), ...own });
  return {
    server,
    secret: () => ask({ grant_type: 'client_credentials' }, { headers }),
    key: () => ask({ grant_type: 'client_credentials', ...keyClient.key.assertion(keyClient.id, issuer) }),
    refresh: () =>
      chains.next(async (token) => {
        const { text } = await ask({ grant_type: 'refresh_token', refresh_token: token }, { headers });
        return JSON.parse(text).refresh_token;
      }),
  };
}

/** The same grants at a bare oidc-provider. */
export async function bareProvider(stores: BareStores): Promise<TokenEndpoint> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const key = new ClientKey();
  const secretClient = { id: 'secret-client', secret: randomBytes(32).toString('base64url') };
  const order: ProviderOrder = { port, secretClient, keyClient: { id: 'key-client', key: key.publicJwk } };
  const server = await ServerProcess.start({
    main: join(import.meta.dirname, 'bare-provider.ts'),
    args: [JSON.stringify(order)],
    env: { ...stores.mark, NODE_ENV: 'production' },
    url: issuer,
    readyUrl: `${issuer}/refresh-tokens`,
    log: join(stores.folder, 'logs/bare-provider.log'),
  });
  const http = new HttpClient(issuer);
  const refreshTokens = JSON.parse((await http.send({ method: 'GET', path: '/refresh-tokens' })).text);
  const clients = { secretClient, keyClient: { id: 'key-client', key } };
  return tokenEndpoint({
    ...clients,
    path: '/token',
    http,
    server,
    issuer,
    refreshTokens,
    more: { resource: RESOURCE },
  });
}
