import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The keywords of JSON Schema that our documents use. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonSchema;
}

interface Media {
  readonly schema: JsonSchema | { readonly $ref: string };
}

export interface DeclaredAnswer {
  /** Of a problem: it names the codes, in backticks. */
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Operation {
  readonly app: 'public' | 'admin';
  readonly method: string;
  /** With parameters in braces. */
  readonly path: string;
  readonly id: string;
  /** Whether it needs a token at all. */
  readonly guarded: boolean;
  readonly parameters: readonly Parameter[];
  readonly body?: JsonSchema;
  readonly answers: Readonly<Record<string, DeclaredAnswer>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

interface OpenApiOperation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: JsonSchema } } };
  readonly responses: Readonly<Record<string, DeclaredAnswer>>;
}

const FOLDER = join(import.meta.dirname, '../../../../../docs/openapi');

/** Every operation of a document that is checked in. */
export async function operationsOf(app: Operation['app']): Promise<readonly Operation[]> {
  const name = app === 'public' ? 'auth.json' : 'auth-admin.json';
  const document: OpenApi = JSON.parse(await readFile(join(FOLDER, name), 'utf8'));
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      app,
      method: method.toUpperCase(),
      path,
      id: operation.operationId,
      guarded: operation.security.length > 0,
      parameters: operation.parameters ?? [],
      ...(operation.requestBody !== undefined && { body: operation.requestBody.content['application/json'].schema }),
      answers: operation.responses,
    })),
  );
}
