import type { Readable } from 'node:stream';
import { tokenCaller } from '@sekisho/identity';
import { answerFrameworkError, identity, problems, requirePermission } from '@sekisho/identity/fastify';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { FileError } from './errors.ts';
import type { Files } from './files.ts';

export interface Parts {
  readonly files: Files;
  readonly log: FastifyBaseLogger;
  readonly clock: () => Date;
  readonly newId: () => string;
}

/** A name to show, which is never one on this machine's disk. */
const FileName = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^/\\\\\\u0000-\\u001f\\u007f]+$' }) },
  { additionalProperties: false },
);
const FilePath = Type.Object({ id: Type.String({ maxLength: 36 }) });

const list = { preHandler: requirePermission('file:read') };
const download = { ...list, schema: { params: FilePath } };
const upload = { preHandler: requirePermission('file:write'), schema: { querystring: FileName } };
const remove = { preHandler: requirePermission('file:delete'), schema: { params: FilePath } };

/** The application, ready to listen or to be tested. */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    // An upload takes as long as the network.
    requestTimeout: 120_000,
    requestIdHeader: 'x-request-id',
    frameworkErrors: answerFrameworkError,
    // An unknown field is an error to tell, not one to drop.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });
  await app.register(problems);
  await app.register(identity, { service: 'file', clock: parts.clock });
  // A body stays a stream; whoever reads it bounds it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));
  app.get('/healthz', () => ({ status: 'ok' }));
  addFileRoutes(app, parts);
  return app;
}

function addFileRoutes(app: FastifyInstance, { files, clock, newId }: Parts): void {
  app.get('/api/files', list, (request) => ({ files: files.list(ownerOf(request)) }));

  app.post<{ Querystring: Static<typeof FileName>; Body?: Readable }>('/api/files', upload, async (request, reply) => {
    const { body, query } = request;
    // Fastify asks no parser about a request without a type and a length.
    if (!body) throw new FileError('file_missing', 'Send the file as the body, of type application/octet-stream.');
    const file = { id: newId(), name: query.name, createdAt: clock().toISOString() };
    const stored = await files.add(ownerOf(request), file, body);
    return reply.code(201).header('location', `/api/files/${stored.id}`).send(stored);
  });

  app.get<{ Params: Static<typeof FilePath> }>('/api/files/:id', download, async (request, reply) => {
    const { file, content } = await files.read(ownerOf(request), request.params.id);
    return reply.headers(downloadHeaders(file.name, file.bytes)).send(content);
  });

  app.delete<{ Params: Static<typeof FilePath> }>('/api/files/:id', remove, async (request, reply) => {
    await files.remove(ownerOf(request), request.params.id);
    return reply.code(204).send();
  });
}

/** Saved and never shown: a page that somebody uploaded must not run as one of ours. Name by RFC 6266 and RFC 8187. */
function downloadHeaders(name: string, bytes: number): Record<string, string | number> {
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return {
    'content-type': 'application/octet-stream',
    'content-length': bytes,
    'content-disposition': `attachment; filename*=UTF-8''${encoded}`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  };
}

/** Ids are unique at one issuer, and the policy of this service admits one. */
function ownerOf({ caller }: FastifyRequest): string {
  return tokenCaller(caller).id;
}
