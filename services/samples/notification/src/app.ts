import { tokenCaller } from '@sekisho/identity';
import { answerFrameworkError, identity, problems, requireCaller, requirePermission } from '@sekisho/identity/fastify';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { NotificationError } from './errors.ts';
import type { Inboxes } from './inboxes.ts';

export interface Parts {
  readonly inboxes: Inboxes;
  readonly log: FastifyBaseLogger;
  readonly clock: () => Date;
  readonly newId: () => string;
}

const NewNotification = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
  { additionalProperties: false },
);
const NotificationPath = Type.Object({ id: Type.String({ maxLength: 36 }) });

const read = { preHandler: requirePermission('notification:read') };
const remove = { preHandler: requirePermission('notification:delete'), schema: { params: NotificationPath } };
/** Two conditions: a service that may leave notifications, and a user for whom it may. */
const leave = {
  preHandler: [requireCaller({ namespace: 'shop', serviceAccount: 'bucket' }), requirePermission('notification:write')],
  schema: { body: NewNotification },
};

/** The application, ready to listen or to be tested. */
export async function buildApp({ inboxes, log, clock, newId }: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: 4_096,
    requestTimeout: 10_000,
    requestIdHeader: 'x-request-id',
    frameworkErrors: answerFrameworkError,
    // An unknown field is an error to tell, not one to drop.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  await app.register(problems);
  await app.register(identity, { service: 'notification', clock });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/api/notifications', read, (request) => ({ notifications: inboxes.list(ownerOf(request)) }));

  app.post<{ Body: Static<typeof NewNotification> }>('/api/notifications', leave, async (request, reply) => {
    const from = actorOf(request);
    const notification = { id: newId(), text: request.body.text, from, createdAt: clock().toISOString() };
    inboxes.add(ownerOf(request), notification);
    return reply.code(201).send(notification);
  });

  app.delete<{ Params: Static<typeof NotificationPath> }>('/api/notifications/:id', remove, async (request, reply) => {
    if (inboxes.remove(ownerOf(request), request.params.id)) return reply.code(204).send();
    throw new NotificationError('notification_unknown', 'You have no such notification.');
  });
  return app;
}

/** A service that passed on what it was called with, instead of exchanging it, did not say that it acts for the user. */
function actorOf({ caller }: FastifyRequest): string {
  const [actor] = caller.kind === 'userViaWorkload' ? caller.actors : [];
  if (actor !== undefined) return actor;
  throw new NotificationError('actor_missing', 'Notifications are left by a service that acts for a user.');
}

/** The user, also where a service acts for one. Ids are unique at one issuer, and the policy of this service admits one. */
function ownerOf({ caller }: FastifyRequest): string {
  return tokenCaller(caller).id;
}
