import { type Checks, type Logger, type Metrics, opsRoutes } from '@sekisho/telemetry';
import { type Account, type AccountStore, type Grant, normaliseEmail } from '../accounts/account.ts';
import { Email, NewPassword, stillFitting } from '../accounts/schemas.ts';
import { AuthError } from '../errors.ts';
import type { AssertTokensFit } from '../login/tokens-fit.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { opaqueString } from '../passwords/opaque-string.ts';
import type { Authorize } from './authorize.ts';
import { collectOpenApi, openApiRoute } from './open-api.ts';
import { operation } from './operation.ts';
import { withOtherMethodsRefused } from './other-methods.ts';
import { GrantsBody, NewUserBody, UserAnswer, UserParams } from './schemas.ts';
import { createServer, type HttpServer } from './server.ts';

export interface AdminAppOptions {
  readonly log: Logger;
  readonly accounts: AccountStore;
  readonly passwords: PasswordHasher;
  readonly authorize: Authorize;
  readonly assertTokensFit: AssertTokensFit;
  readonly uuid: () => string;
  readonly metrics: Metrics;
  /** What must work for the service to be ready, by name. */
  readonly checks: Checks;
  /** Adds routes of other parts. @default none */
  readonly more?: (routes: HttpServer) => void;
}

const INFO = {
  title: 'Sekisho auth, administration',
  description: 'Users, grants and what was issued to them. Reached inside the cluster only.',
};

/** What the cluster may reach: administration by token, health and metrics without. */
export function buildAdminApp(options: AdminAppOptions): HttpServer {
  const app = createServer(options.log);
  collectOpenApi(app, INFO);
  withOtherMethodsRefused(app, (routes) => {
    openApiRoute(routes);
    createUserRoute(routes, options);
    readUserRoute(routes, options);
    replaceGrantsRoute(routes, options);
    options.more?.(routes);
    healthRoutes(routes, options);
  });
  return app;
}

function createUserRoute(app: HttpServer, options: AdminAppOptions): void {
  const { accounts, passwords, authorize, assertTokensFit, uuid } = options;
  const schema = operation(
    {
      id: 'createUser',
      tag: 'users',
      summary: 'Create a user',
      needs: 'users:write',
      problems: ['email_taken', 'grants_ambiguous', 'claims_too_large'],
    },
    { body: NewUserBody, response: { 201: UserAnswer } },
  );
  app.post('/v1/users', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const { email, password, active = true, roles = [], permissions = [], grants = [] } = request.body;
    const user = {
      id: uuid(),
      email: stillFitting(Email, normaliseEmail(email), '/email'),
      active,
      roles,
      permissions,
      grants: eachServiceOnce(grants),
    };
    const checkedPassword = stillFitting(NewPassword, opaqueString(password), '/password');
    await assertTokensFit(user);
    const account = await accounts.create({ ...user, passwordHash: await passwords.hash(checkedPassword) });
    return reply.code(201).header('location', `/v1/users/${account.id}`).send(toAnswer(account));
  });
}

function readUserRoute(app: HttpServer, { accounts, authorize }: AdminAppOptions): void {
  const schema = operation(
    { id: 'getUser', tag: 'users', summary: 'Read a user', needs: 'users:read', problems: ['user_unknown'] },
    { params: UserParams, response: { 200: UserAnswer } },
  );
  app.get('/v1/users/:id', { schema, onRequest: authorize('users:read') }, async (request) =>
    toAnswer(known(await accounts.find(request.params.id))),
  );
}

function replaceGrantsRoute(app: HttpServer, { accounts, authorize, assertTokensFit }: AdminAppOptions): void {
  const schema = operation(
    {
      id: 'replaceGrants',
      tag: 'grants',
      summary: 'Replace all grants of a user',
      needs: 'users:write',
      problems: ['user_unknown', 'grants_ambiguous', 'claims_too_large'],
    },
    { params: UserParams, body: GrantsBody, response: { 200: UserAnswer } },
  );
  app.put('/v1/users/:id/grants', { schema, onRequest: authorize('users:write') }, async (request) => {
    const grants = eachServiceOnce(request.body.grants);
    await assertTokensFit({ ...known(await accounts.find(request.params.id)), grants });
    return toAnswer(known(await accounts.replaceGrants(request.params.id, grants)));
  });
}

function healthRoutes(app: HttpServer, options: AdminAppOptions): void {
  for (const [path, handler] of opsRoutes(options)) {
    app.get(path, { schema: { hide: true } }, async (_, reply) => {
      const { status, contentType, body } = await handler();
      return reply.code(status).type(contentType).send(body);
    });
  }
}

function eachServiceOnce(grants: readonly Grant[]): readonly Grant[] {
  const services = new Set(grants.map((grant) => grant.service));
  if (services.size === grants.length) return grants;
  throw new AuthError('grants_ambiguous', 'each service may be granted once');
}

function known(account: Account | undefined): Account {
  if (account === undefined) throw new AuthError('user_unknown', 'there is no user with this id');
  return account;
}

function toAnswer({ roles, permissions, grants, ...rest }: Account) {
  return {
    ...rest,
    roles: [...roles],
    permissions: [...permissions],
    grants: grants.map((grant) => ({ ...grant, permissions: [...grant.permissions] })),
  };
}
