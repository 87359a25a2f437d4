import { randomBytes } from 'node:crypto';
import type { Administrator } from '../../accounts/authority.ts';
import type { RevocationOutbox } from '../../accounts/revocation-outbox.ts';
import { AuthError } from '../../errors.ts';
import { type Authorize, administratorOf } from '../../http/authorize.ts';
import type { HttpServer } from '../../http/server.ts';
import { assertAuthorityOver } from './authority.ts';
import type { ClientStore, NewClient, OAuthClient } from './client.ts';
import * as operations from './operations.ts';
import { REMOVED_LATER } from './operations.ts';
import { assertClient } from './rules.ts';
import type { NewClientBody } from './schemas.ts';
import { newSecret } from './secret.ts';

export interface ClientRoutesOptions {
  readonly clients: ClientStore;
  readonly outbox: Pick<RevocationOutbox, 'make'>;
  readonly authorize: Authorize;
}

const PAGE = 100;
const DAY_SECONDS = 86_400;

/** Administration of OAuth clients. */
export function clientRoutes(app: HttpServer, options: ClientRoutesOptions): void {
  createRoute(app, options);
  readRoutes(app, options);
  changeRoutes(app, options);
  secretRoute(app, options);
}

function createRoute(app: HttpServer, { clients, authorize }: ClientRoutesOptions): void {
  app.post(
    '/v1/clients',
    { schema: operations.create, onRequest: authorize('clients:write') },
    async (request, reply) => {
      const client = withDefaults(request.body);
      assertClient(client);
      assertAuthorityOver(administratorOf(request), client);
      const made = usesSecret(client) ? newSecret() : undefined;
      const created = await clients.create(client, made?.hash, administratorOf(request));
      const answer = { ...toAnswer(created), ...(made !== undefined && { secret: made.secret }) };
      return reply.code(201).header('location', `/v1/clients/${created.id}`).send(answer);
    },
  );
}

function readRoutes(app: HttpServer, { clients, authorize }: ClientRoutesOptions): void {
  const onRequest = authorize('clients:read');
  app.get('/v1/clients', { schema: operations.list, onRequest }, async (request) => {
    const limit = Math.min(Number(request.query.limit ?? PAGE), PAGE);
    const page = await clients.list(request.query.after, limit);
    const last = page.at(-1);
    return { clients: page.map(toAnswer), ...(last !== undefined && page.length === limit && { next: last.id }) };
  });
  app.get('/v1/clients/:id', { schema: operations.read, onRequest }, async (request) =>
    toAnswer(known(await clients.find(request.params.id))),
  );
}

function changeRoutes(app: HttpServer, { clients, outbox, authorize }: ClientRoutesOptions): void {
  const onRequest = authorize('clients:write');
  app.put('/v1/clients/:id', { schema: operations.replace, onRequest }, async (request) => {
    const client = { ...request.body, id: request.params.id };
    assertClient(client);
    const by = administratorOf(request);
    const assertMay = (before: OAuthClient) => assertAuthorityOver(by, before, client);
    return toAnswer(known(await clients.replace(client, { by, assertMay })));
  });
  app.delete('/v1/clients/:id', { schema: operations.remove, onRequest }, async (request, reply) => {
    const owed = known(await clients.remove(request.params.id, administratorOf(request)));
    return (await outbox.make(owed)) ? reply.code(204).send(null) : reply.code(202).send({ detail: REMOVED_LATER });
  });
}

function secretRoute(app: HttpServer, { clients, authorize }: ClientRoutesOptions): void {
  app.post(
    '/v1/clients/:id/secrets',
    { schema: operations.addSecret, onRequest: authorize('clients:write') },
    async (request, reply) => {
      const { id } = request.params;
      const by = administratorOf(request);
      const assertMay = (client: OAuthClient) => assertTakesSecret(by, client);
      const { secret, hash } = newSecret();
      const overlapSeconds = request.body.overlapSeconds ?? DAY_SECONDS;
      if (!(await clients.addSecret(id, { hash, overlapSeconds }, { by, assertMay }))) throw unknown();
      return reply.code(201).send({ secret });
    },
  );
}

function withDefaults(body: NewClientBody): NewClient {
  const id = body.id ?? `app-${randomBytes(8).toString('hex')}`;
  return { firstParty: false, redirectUris: [], postLogoutRedirectUris: [], grants: [], ...body, id };
}

function usesSecret({ authMethod }: NewClient): boolean {
  return authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
}

function assertTakesSecret(by: Administrator, client: OAuthClient): void {
  assertAuthorityOver(by, client);
  if (!usesSecret(client)) throw new AuthError('request_invalid', 'this client authenticates without a secret');
}

function known<T>(client: T | undefined): T {
  if (client === undefined) throw unknown();
  return client;
}

function unknown(): AuthError {
  return new AuthError('client_unknown', 'there is no client with this id');
}

/** Arrays of its own: what is sent may be changed on its way. */
function toAnswer({ grantTypes, redirectUris, postLogoutRedirectUris, grants, keys, ...client }: OAuthClient) {
  return {
    ...client,
    grantTypes: [...grantTypes],
    redirectUris: [...redirectUris],
    postLogoutRedirectUris: [...postLogoutRedirectUris],
    grants: grants.map((grant) => ({ ...grant, permissions: [...grant.permissions] })),
    ...(keys !== undefined && { keys: keys.map((key) => ({ ...key })) }),
  };
}
