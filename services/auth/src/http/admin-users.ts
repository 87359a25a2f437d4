import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { type Account, type AccountStore, normaliseEmail } from '../accounts/account.ts';
import { type Administration, known, type Outcome } from '../accounts/administration.ts';
import {
  NewUserBody,
  PasswordBody,
  RevokedLater,
  UserAnswer,
  UserParams,
  UserPatch,
  UserQuery,
  UsersAnswer,
} from './admin-schemas.ts';
import { type Authorize, administratorOf } from './authorize.ts';
import { entityTag, IfMatch, requiredVersion } from './if-match.ts';
import { operation } from './operation.ts';
import { DEFAULT_PAGE, toPage } from './pages.ts';
import type { HttpServer } from './server.ts';

export interface UserRoutesOptions {
  readonly accounts: AccountStore;
  readonly administration: Administration;
  readonly authorize: Authorize;
}

const WRITE = ['permission_missing', 'user_unknown'] as const;
const LATER = 'stored; what was issued to the user is revoked as soon as Redis answers again';

/** Users: list, create, read, change, delete; and their password. */
export function userRoutes(app: HttpServer, options: UserRoutesOptions): void {
  listRoute(app, options);
  createRoute(app, options);
  readRoute(app, options);
  updateRoute(app, options);
  passwordRoute(app, options);
  deleteRoute(app, options);
}

function listRoute(app: HttpServer, { accounts, authorize }: UserRoutesOptions): void {
  const schema = operation(
    {
      id: 'listUsers',
      tag: 'users',
      summary: 'List users',
      description: 'In the order of their ids.',
      needs: 'users:read',
    },
    { querystring: UserQuery, response: { 200: UsersAnswer } },
  );
  app.get('/v1/users', { schema, onRequest: authorize('users:read') }, async (request) => {
    const { limit = DEFAULT_PAGE, cursor, email, ...filters } = request.query;
    const after = cursor !== undefined && { after: cursor };
    const prefix = email !== undefined && { emailPrefix: normaliseEmail(email) };
    const found = await accounts.list({ ...filters, ...prefix, ...after, limit: limit + 1 });
    return toPage(found, { limit, cursorOf: ({ id }) => id, answer: userAnswer });
  });
}

function createRoute(app: HttpServer, { administration, authorize }: UserRoutesOptions): void {
  const schema = operation(
    {
      id: 'createUser',
      tag: 'users',
      summary: 'Create a user',
      needs: 'users:write',
      problems: ['permission_missing', 'email_taken', 'password_weak', 'grants_ambiguous', 'claims_too_large'],
    },
    { body: NewUserBody, response: { 201: UserAnswer } },
  );
  app.post('/v1/users', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const account = await administration.create(request.body, administratorOf(request));
    reply.code(201).header('location', `/v1/users/${account.id}`).header('etag', entityTag(account.version));
    return reply.send(userAnswer(account));
  });
}

function readRoute(app: HttpServer, { accounts, authorize }: UserRoutesOptions): void {
  const schema = operation(
    { id: 'getUser', tag: 'users', summary: 'Read a user', needs: 'users:read', problems: ['user_unknown'] },
    { params: UserParams, response: { 200: UserAnswer } },
  );
  app.get('/v1/users/:id', { schema, onRequest: authorize('users:read') }, async (request, reply) => {
    const account = known(await accounts.find(request.params.id));
    return reply.header('etag', entityTag(account.version)).send(userAnswer(account));
  });
}

function updateRoute(app: HttpServer, { administration, authorize }: UserRoutesOptions): void {
  const schema = operation(
    {
      id: 'updateUser',
      tag: 'users',
      summary: 'Change the address, activity, roles or permissions of a user',
      description: `Needs If-Match with the ETag of what was read. A user who is made inactive is logged out everywhere. 202: ${LATER}.`,
      needs: 'users:write',
      problems: [
        ...WRITE,
        'version_required',
        'version_conflict',
        'email_taken',
        'last_administrator',
        'claims_too_large',
      ],
    },
    { params: UserParams, headers: IfMatch, body: UserPatch, response: { 200: UserAnswer, 202: UserAnswer } },
  );
  app.patch('/v1/users/:id', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const version = requiredVersion(request.headers['if-match']);
    const subject = { ...request.params, by: administratorOf(request), version };
    return answerChanged(reply, await administration.update(subject, request.body));
  });
}

function passwordRoute(app: HttpServer, { administration, authorize }: UserRoutesOptions): void {
  const schema = operation(
    {
      id: 'resetPassword',
      tag: 'users',
      summary: "Set a user's password",
      description: `Ends every session of the user. 202: ${LATER}.`,
      needs: 'users:write',
      problems: [...WRITE, 'password_weak'],
    },
    { params: UserParams, body: PasswordBody, response: { 202: RevokedLater, 204: Type.Null() } },
  );
  app.put('/v1/users/:id/password', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const subject = { ...request.params, by: administratorOf(request) };
    const { revoked } = await administration.resetPassword(subject, request.body.password);
    return answerRevoked(reply, revoked);
  });
}

function deleteRoute(app: HttpServer, { administration, authorize }: UserRoutesOptions): void {
  const schema = operation(
    {
      id: 'deleteUser',
      tag: 'users',
      summary: 'Delete a user',
      description: `Ends every session of the user. 202: ${LATER}.`,
      needs: 'users:write',
      problems: [...WRITE, 'last_administrator'],
    },
    { params: UserParams, response: { 202: RevokedLater, 204: Type.Null() } },
  );
  app.delete('/v1/users/:id', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const { revoked } = await administration.remove({ ...request.params, by: administratorOf(request) });
    return answerRevoked(reply, revoked);
  });
}

/** Answers a change: 200, or 202 while a revocation is owed (RFC 9110 section 15.3.3). */
export function answerChanged(reply: FastifyReply, { account, revoked }: Outcome): FastifyReply {
  reply.code(revoked ? 200 : 202).header('etag', entityTag(account.version));
  return reply.send(userAnswer(account));
}

/** The same where there is nothing to show. */
function answerRevoked(reply: FastifyReply, revoked: boolean): FastifyReply {
  return revoked ? reply.code(204).send(null) : reply.code(202).send({ detail: LATER });
}

function userAnswer({ roles, permissions, grants, ...rest }: Account) {
  return {
    ...rest,
    roles: [...roles],
    permissions: [...permissions],
    grants: grants.map((grant) => ({ ...grant, permissions: [...grant.permissions] })),
  };
}
