import { join } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import { type BareStores, startBareStores } from '@sekisho/test-e2e/mesh';
import { HttpClient } from '../http.ts';
import { inParallel } from '../in-parallel.ts';
import type { Call } from '../load.ts';
import { patiently } from '../patiently.ts';
import { ServerProcess } from '../server-process.ts';
import { type AuthServer, startAuth } from './auth-process.ts';
import { Chains } from './chains.ts';
import { ClientKey } from './client-key.ts';
import { refreshTokenByCode } from './code-flow.ts';
import { CALLBACK, Platform, type User } from './platform.ts';
import { bareProvider, type TokenEndpoint, tokenEndpoint } from './token-endpoints.ts';

/** Sessions to refresh: each may be refreshed 120 times at once, and then every ten seconds. */
const SESSIONS = 240;
/** A user has 20 sessions at most, twice as many as these and what an attempt that failed left behind. */
const SESSIONS_OF_USER = 8;
/** Of people who only log in. */
const USERS = 100;
const AT_ONCE = 4;

/** The service on real stores, with people and applications; and what it is measured against. */
export interface World {
  readonly stores: BareStores;
  readonly auth: AuthServer;
  readonly platform: Platform;
  readonly tokens: TokenEndpoint;
  /** `POST /v1/sessions/refresh`. */
  readonly refreshOwn: Call;
  /** `POST /v1/sessions`. */
  readonly logIn: Call;
  readonly bareProvider: TokenEndpoint;
  readonly bareFastify: { readonly server: ServerProcess; readonly call: Call };
}

/** @param nodeArgs of the auth service's process, such as `--cpu-prof` */
export async function startWorld(
  opened: AsyncDisposableStack,
  report: (line: string) => void,
  nodeArgs: readonly string[] = [],
): Promise<World> {
  const stores = await startBareStores(report);
  opened.defer(stores.stop);
  const auth = await startAuth(stores, nodeArgs);
  opened.defer(() => auth.process.stop());
  const platform = new Platform(auth);
  opened.defer(() => platform.close());
  report(`people log in: ${2 * SESSIONS} sessions`);
  const users = await all(Array(SESSIONS / SESSIONS_OF_USER).fill(undefined), () => platform.addUser());
  const bare = await bareProvider(stores);
  opened.defer(() => bare.server.stop());
  const fastify = await bareFastify(stores);
  opened.defer(() => fastify.server.stop());
  return {
    ...{ stores, auth, platform },
    tokens: await ownEndpoint(platform, users),
    refreshOwn: await ownRefresh(platform, users),
    logIn: await logInsOfMany(platform),
    bareProvider: bare,
    bareFastify: fastify,
  };
}

async function ownEndpoint(platform: Platform, users: readonly User[]): Promise<TokenEndpoint> {
  const key = new ClientKey();
  const keyClient = await platform.addClient({ authMethod: 'private_key_jwt', keys: [key.publicJwk] });
  const grantTypes = ['client_credentials', 'authorization_code', 'refresh_token'];
  const secretClient = await platform.addClient({ grantTypes, redirectUris: [CALLBACK] });
  const refreshTokens = await sessions(users, (user) => refreshTokenByCode(platform, secretClient, user));
  return tokenEndpoint({
    ...{ secretClient, refreshTokens, path: '/oauth/token', issuer: platform.server.issuer },
    keyClient: { id: keyClient.id, key },
    http: platform.http,
    server: platform.server.process,
  });
}

async function ownRefresh(platform: Platform, users: readonly User[]): Promise<Call> {
  const chains = new Chains(await sessions(users, async (user) => (await platform.logIn(user)).refresh_token));
  return () =>
    chains.next(async (token) => {
      const request = { method: 'POST', path: '/v1/sessions/refresh', body: { refresh_token: token } } as const;
      return JSON.parse((await platform.http.send(request)).text).refresh_token;
    });
}

/** Of people in turn, so that few of them have so many sessions that one has to go. */
async function logInsOfMany(platform: Platform): Promise<Call> {
  const users = inTurn(await all(Array(USERS).fill(undefined), () => platform.addUser()));
  return () => platform.logIn(users.next().value);
}

function* inTurn<T>(items: readonly T[]): Generator<T, never> {
  for (;;) yield* items;
}

/** So many of each user. */
function sessions<T>(users: readonly User[], open: (user: User) => Promise<T>): Promise<readonly T[]> {
  return all(
    users.flatMap((user) => Array<User>(SESSIONS_OF_USER).fill(user)),
    open,
  );
}

/** What `work` makes of the items, a few at a time, in the order in which it was made. */
async function all<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const made: R[] = [];
  await inParallel(items, AT_ONCE, async (item) => made.push(await patiently(() => work(item))));
  return made;
}

async function bareFastify(stores: BareStores): Promise<World['bareFastify']> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await ServerProcess.start({
    main: join(import.meta.dirname, 'bare-fastify.ts'),
    env: { ...stores.mark, NODE_ENV: 'production', PORT: String(port) },
    url,
    readyUrl: `${url}/readyz`,
    log: join(stores.folder, 'logs/bare-fastify.log'),
  });
  const http = new HttpClient(url);
  const call = () => {
    const headers = { authorization: 'Basic YXBwOnNlY3JldA==' };
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    return http.send({ method: 'POST', path: '/oauth/token', headers, body });
  };
  return { server, call };
}
