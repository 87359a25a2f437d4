import type { FastifyRequest } from 'fastify';

/**
 * A query string is text. Before it is checked, a number or a truth value that is written as one becomes one; everything
 * else stays as it came, for the schema to refuse.
 */
export async function readQuery(request: FastifyRequest): Promise<void> {
  const properties = propertiesOf(request.routeOptions.schema?.querystring);
  if (properties === undefined) return;
  const entries = Object.entries(request.query as Readonly<Record<string, unknown>>);
  request.query = Object.fromEntries(entries.map(([name, value]) => [name, read(properties[name]?.type, value)]));
}

type Properties = Readonly<Record<string, { readonly type?: string } | undefined>>;

function propertiesOf(schema: unknown): Properties | undefined {
  return (schema as { readonly properties?: Properties } | undefined)?.properties;
}

function read(type: string | undefined, value: unknown): unknown {
  if (type === 'integer' && typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
