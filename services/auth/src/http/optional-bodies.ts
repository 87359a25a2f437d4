import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>;

interface WithBody {
  readonly requestBody: {
    required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema?: object }>>;
  };
}

/** The plugin says of every body that it is required; one that may be null may be left out. */
export const tellOptionalBodies: TransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject;
  const { openapiObject } = document;
  const operations: unknown[] = Object.values(openapiObject.paths ?? {}).flatMap((path) => Object.values(path ?? {}));
  for (const { requestBody } of operations.filter(hasBody)) {
    if (isNullable(requestBody.content['application/json']?.schema)) requestBody.required = false;
  }
  return openapiObject;
};

function hasBody(operation: unknown): operation is WithBody {
  return typeof operation === 'object' && operation !== null && 'requestBody' in operation;
}

function isNullable(schema: object | undefined): boolean {
  const { anyOf = [] }: { readonly anyOf?: readonly { readonly type?: unknown }[] } = schema ?? {};
  return anyOf.some(({ type }) => type === 'null');
}
