import { tokenCaller } from '@sekisho/identity';
import { answerFrameworkError, identity, problems, requirePermission, requireToken } from '@sekisho/identity/fastify';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { BucketError } from './errors.ts';
import type { Item, Items } from './items.ts';
import type { NotificationService } from './notification-service.ts';
import type { UserService } from './user-service.ts';

export interface Parts {
  readonly items: Items;
  readonly users: UserService;
  /** Absent where nobody is to be notified. */
  readonly notifications?: NotificationService;
  readonly log: FastifyBaseLogger;
  readonly clock: () => Date;
  readonly newId: () => string;
}

const NewItem = Type.Object(
  { title: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }) },
  { additionalProperties: false },
);
const ItemChange = Type.Object({ done: Type.Boolean() }, { additionalProperties: false });
const ItemPath = Type.Object({ id: Type.String({ maxLength: 36 }) });

const read = { preHandler: requirePermission('bucket:read') };
const write = { preHandler: requirePermission('bucket:write'), schema: { body: NewItem } };
const change = {
  preHandler: requirePermission('bucket:write'),
  schema: { params: ItemPath, body: ItemChange },
};
const remove = { preHandler: requirePermission('bucket:delete'), schema: { params: ItemPath } };

/** The application, ready to listen or to be tested by `inject`. */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    bodyLimit: 4_096,
    requestTimeout: 10_000,
    requestIdHeader: 'x-request-id',
    frameworkErrors: answerFrameworkError,
    // An unknown field is an error to tell, not one to drop.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  await app.register(problems);
  await app.register(identity, { service: 'bucket', clock: parts.clock });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/api/whoami', { preHandler: requireToken() }, ({ caller, headers }) => ({
    caller,
    // What a service in a language without this library would read.
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => ABOUT_CALLER.test(name))),
    // By name alone: what they hold is nobody's to read back.
    cookies: (headers.cookie ?? '').split(';').flatMap((pair) => pair.split('=', 1)[0]?.trim() || []),
  }));
  addItemRoutes(app, parts);
  return app;
}

/** Everything that looks as if it told of the caller, in any spelling: nothing of it may be what the client sent. */
const ABOUT_CALLER = /^x[-_](jwt|user|session)[-_]/;

function addItemRoutes(app: FastifyInstance, parts: Parts): void {
  const { items } = parts;
  app.get('/api/bucket-items', read, (request) => ({ items: items.list(ownerOf(request)) }));

  app.post<{ Body: Static<typeof NewItem> }>('/api/bucket-items', write, async (request, reply) => {
    const item = await addItem(parts, request, request.body.title);
    return reply.code(201).header('location', `/api/bucket-items/${item.id}`).send(item);
  });

  app.get<{ Params: Static<typeof ItemPath> }>(
    '/api/bucket-items/:id',
    { ...read, schema: { params: ItemPath } },
    (request) => items.find(ownerOf(request), request.params.id) ?? unknownItem(),
  );

  app.patch<{ Params: Static<typeof ItemPath>; Body: Static<typeof ItemChange> }>(
    '/api/bucket-items/:id',
    change,
    (request) => items.setDone(ownerOf(request), request.params.id, request.body.done) ?? unknownItem(),
  );
  app.delete<{ Params: Static<typeof ItemPath> }>('/api/bucket-items/:id', remove, async (request, reply) => {
    if (!items.remove(ownerOf(request), request.params.id)) unknownItem();
    return reply.code(204).send();
  });
}

async function addItem(parts: Parts, request: FastifyRequest, title: string): Promise<Item> {
  const { items, users, clock, newId } = parts;
  const ownerName = await users.nameOf(request.caller);
  const item = { id: newId(), title, ownerName, createdAt: clock().toISOString(), done: false };
  if (!items.add(ownerOf(request), item))
    throw new BucketError('items_full', 'You have as many items as one may have.');
  await notify(parts, request, title);
  return item;
}

/** The item is there, and a notification that could not be left does not change that. */
async function notify({ notifications }: Parts, { caller, log }: FastifyRequest, title: string): Promise<void> {
  try {
    await notifications?.notify(caller, `You added: ${title}`);
  } catch (error) {
    log.warn({ err: error }, 'notification not left');
  }
}

/** Ids are unique at one issuer, and the policy of this service admits one. */
function ownerOf({ caller }: FastifyRequest): string {
  return tokenCaller(caller).id;
}

function unknownItem(): never {
  throw new BucketError('item_unknown', 'You have no such item.');
}
