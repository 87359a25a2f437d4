import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { AUDIENCE } from '../../accounts/account.ts';
import { createAuthorize } from '../../http/authorize.ts';
import { createServer } from '../../http/server.ts';
import { createFixture } from '../../testing/fixture.ts';
import { clientRoutes } from './admin-routes.ts';
import type { ClientCredentials, ClientStore } from './client.ts';

const shop: ClientCredentials = {
  id: 'shop',
  name: 'Shop',
  firstParty: false,
  authMethod: 'client_secret_basic',
  grantTypes: ['client_credentials'],
  redirectUris: [],
  postLogoutRedirectUris: [],
  grants: [{ service: 'bucket', permissions: ['bucket:read'] }],
  secretHashes: [],
  version: 1,
};
const at = (...permissions: string[]) => ({ grants: [{ service: AUDIENCE, permissions }] });

function memoryClients(...known: readonly ClientCredentials[]): ClientStore {
  const clients = new Map(known.map((client) => [client.id, client]));
  return {
    find: async (id) => clients.get(id),
    list: async () => [...clients.values()],
    create: async (client) => ({ ...client, version: 1 }),
    async replace(client, { assertMay }) {
      const before = clients.get(client.id);
      if (before !== undefined) assertMay(before);
      return before && client;
    },
    async addSecret(id, _, { assertMay }) {
      const client = clients.get(id);
      if (client !== undefined) assertMay(client);
      return client !== undefined;
    },
    remove: async () => undefined,
  };
}

function setUp(...clients: readonly ClientCredentials[]) {
  const { log, mint, verifyFor, clock, metrics } = createFixture();
  const app = createServer(log);
  const authorize = createAuthorize({ verify: verifyFor(AUDIENCE), clock, metrics });
  clientRoutes(app, { clients: memoryClients(...clients), outbox: { make: async () => true }, authorize });
  return async (options: InjectOptions, ...permissions: string[]) => {
    const services = { [AUDIENCE]: { permissions } };
    const { token } = await mint({
      subject: 'writer',
      clientId: 'web',
      audience: [AUDIENCE],
      services,
      lifetimeSeconds: 60,
    });
    return app.inject({ ...options, headers: { authorization: `Bearer ${token}` } });
  };
}

const create = (overrides: object): InjectOptions => {
  const { secretHashes: _secrets, version: _version, ...client } = shop;
  return { method: 'POST', url: '/v1/clients', payload: { ...client, ...overrides } };
};
const replace = (overrides: object): InjectOptions => {
  const { secretHashes: _secrets, id: _id, ...client } = shop;
  return { method: 'PUT', url: '/v1/clients/shop', payload: { ...client, ...overrides } };
};
const addSecret: InjectOptions = { method: 'POST', url: '/v1/clients/shop/secrets', payload: {} };
const refused = { status: 403, code: 'permission_missing' };

describe('an administrator with clients:write, and without grants:admin', () => {
  test('makes no client that may do more at auth, nor one that acts with all that its users may', async () => {
    const call = setUp();
    expect((await call(create(at('keys:write')), 'clients:write')).json()).toMatchObject(refused);
    expect((await call(create({ firstParty: true }), 'clients:write')).json()).toMatchObject(refused);
    expect((await call(create(at('keys:write')), 'clients:write', 'keys:write')).statusCode).toBe(201);
    expect((await call(create({}), 'clients:write')).statusCode).toBe(201);
    expect((await call(create(at('keys:write')), 'clients:write', 'grants:admin')).statusCode).toBe(201);
  });

  test('lets no client do more at auth', async () => {
    const call = setUp(shop);
    expect((await call(replace(at('users:write')), 'clients:write')).json()).toMatchObject(refused);
    expect((await call(replace({ firstParty: true }), 'clients:write')).json()).toMatchObject(refused);
    expect((await call(replace({ name: 'Store' }), 'clients:write')).statusCode).toBe(200);
  });

  test.each([{ firstParty: true }, at('users:write')])('takes over no client with %o', async (powers) => {
    const call = setUp({ ...shop, ...powers });
    expect((await call(addSecret, 'clients:write')).json()).toMatchObject(refused);
    expect((await call(replace({}), 'clients:write')).json()).toMatchObject(refused);
    expect((await call(addSecret, 'clients:write', 'users:write', 'grants:admin')).statusCode).toBe(201);
  });
});
