import { type TokenCaller, tokenCaller } from '@sekisho/identity';
import { answerFrameworkError, identity, problems, requireCaller, requirePermission } from '@sekisho/identity/fastify';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Names } from './names.ts';

export interface Parts {
  readonly names: Names;
  readonly log: FastifyBaseLogger;
  readonly clock: () => Date;
}

const ProfileChange = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 80, pattern: '\\S' }) },
  { additionalProperties: false },
);
const UserPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 255 }) });

/** The application, ready to listen or to be tested by `inject`. */
export async function buildApp({ names, log, clock }: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: 4_096,
    requestTimeout: 10_000,
    requestIdHeader: 'x-request-id',
    frameworkErrors: answerFrameworkError,
    routerOptions: { maxParamLength: 255 },
    // An unknown field is an error to tell, not one to drop.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  await app.register(problems);
  await app.register(identity, { service: 'user', clock });
  app.get('/healthz', () => ({ status: 'ok' }));
  addProfileRoutes(app, names);
  addLookupRoute(app, names);
  return app;
}

/** What users see and change of themselves. */
function addProfileRoutes(app: FastifyInstance, names: Names): void {
  app.get('/api/users/profile', { preHandler: requirePermission('user:read') }, (request) =>
    profileOf(tokenCaller(request.caller), names),
  );
  app.put<{ Body: Static<typeof ProfileChange> }>(
    '/api/users/profile',
    { preHandler: requirePermission('user:write'), schema: { body: ProfileChange } },
    (request) => {
      const caller = tokenCaller(request.caller);
      names.set(caller.id, request.body.name);
      return profileOf(caller, names);
    },
  );
}

/** What other services may know of a user: no token, but an mTLS identity that is named here. */
function addLookupRoute(app: FastifyInstance, names: Names): void {
  app.get<{ Params: Static<typeof UserPath> }>(
    '/api/users/:id/name',
    { preHandler: requireCaller({ namespace: 'shop', serviceAccount: 'bucket' }), schema: { params: UserPath } },
    (request) => ({ id: request.params.id, name: names.of(request.params.id) }),
  );
}

function profileOf(caller: TokenCaller, names: Names) {
  const user = caller.kind === 'workload' ? {} : { email: caller.email, roles: caller.roles };
  return { id: caller.id, name: names.of(caller.id), ...user };
}
