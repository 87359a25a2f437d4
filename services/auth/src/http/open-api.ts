import { STATUS_CODES } from 'node:http';
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { TOKEN_ERROR_CODES } from '@sekisho/tokens';
import { Type } from 'typebox';
import { AUTH_ERRORS, type AuthErrorCode } from '../errors.ts';
import type { DocumentedSchema } from './operation.ts';
import { tellOptionalBodies } from './optional-bodies.ts';
import type { HttpServer } from './server.ts';

export interface ApiInfo {
  readonly title: string;
  readonly description: string;
}

/** Of the document: it changes with the API, not with the program. */
const VERSION = 'v1';

const FieldProblem = Type.Object({
  field: Type.String({ description: 'JSON pointer (RFC 6901) into what was sent' }),
  message: Type.String(),
});

/** RFC 9457. */
const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'for a person; it may change' }),
    code: Type.String({ description: 'stable: decide on this' }),
    errors: Type.Optional(Type.Array(FieldProblem)),
  },
  { $id: 'Problem' },
);

/** Collects what the routes that are registered after it say of themselves into one document (OpenAPI 3.1). */
export function collectOpenApi(app: HttpServer, info: ApiInfo): void {
  app.addSchema(Problem);
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { ...info, version: VERSION },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: ({ $id }, _uri, _fragment, index) => String($id ?? `schema-${index}`) },
    transform,
    transformObject: tellOptionalBodies,
  });
}

/** Serves what `collectOpenApi` collected. */
export function openApiRoute(app: HttpServer): void {
  app.get('/openapi.json', { schema: { hide: true } }, async (_, reply) => {
    return reply.header('cache-control', 'public, max-age=300').send(app.swagger());
  });
}

type Transform = NonNullable<FastifyDynamicSwaggerOptions['transform']>;

const transform: Transform = ({ schema, url, route }) => {
  const { about, ...shapes }: DocumentedSchema = schema ?? {};
  if (about === undefined) return { schema: shapes, url };
  const { id, tag, summary, description, needs } = about;
  return {
    url,
    schema: {
      ...shapes,
      operationId: id,
      tags: [tag],
      summary,
      description: [description, isPermission(needs) && `Needs \`${needs}\` at \`auth\`.`].filter(Boolean).join(' '),
      security: needs === undefined ? [] : [{ bearer: isPermission(needs) ? [needs] : [] }],
      response: { ...described(shapes.response), ...problemAnswers(schema, route.method === 'DELETE') },
    },
  };
};

function isPermission(needs: string | undefined): needs is string {
  return needs !== undefined && needs !== 'token' && needs !== 'workload';
}

/** OpenAPI wants a description of each answer; the name of its status is one. */
function described(response: unknown): Record<string, unknown> {
  const answers = Object.entries((response ?? {}) as Record<string, object>);
  return Object.fromEntries(
    answers.map(([status, answer]) => [status, { description: STATUS_CODES[status] ?? status, ...answer }]),
  );
}

function problemAnswers(schema: DocumentedSchema, isDeletion: boolean): Record<string, unknown> {
  const codes = Map.groupBy(problemsOf(schema, isDeletion), ([status]) => status);
  return Object.fromEntries(
    [...codes].map(([status, problems]) => {
      const description = `${STATUS_CODES[status]}: ${[...new Set(problems.map(([, code]) => `\`${code}\``))].join(', ')}`;
      return [status, { description, content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } }];
    }),
  );
}

type StatusAndCode = readonly [status: number, code: string];

/** What comes with a DELETE is read although it means nothing (RFC 9110 section 9.3.5), and so may be refused. */
function problemsOf(
  { about, body, params, querystring }: DocumentedSchema,
  isDeletion: boolean,
): readonly StatusAndCode[] {
  const takesInput = isDeletion || [body, params, querystring].some((shape) => shape !== undefined);
  const { needs, problems = [] } = about ?? {};
  return [
    ...(takesInput
      ? ([
          [400, 'request_invalid'],
          [400, 'request_malformed'],
        ] as const)
      : []),
    ...(body === undefined && !isDeletion
      ? []
      : ([
          [413, 'body_too_large'],
          [415, 'media_type_unsupported'],
        ] as const)),
    ...(needs === undefined ? [] : tokenProblems(needs)),
    ...problems.map(statusAndCode),
    statusAndCode('unavailable'),
  ];
}

function tokenProblems(needs: string): readonly StatusAndCode[] {
  const refused = TOKEN_ERROR_CODES.filter((code) => !/^(claims|key)_/.test(code)).map((code) => [401, code] as const);
  return isPermission(needs) ? [...refused, statusAndCode('permission_missing')] : refused;
}

function statusAndCode(code: AuthErrorCode): StatusAndCode {
  return [AUTH_ERRORS[code].status, code];
}
