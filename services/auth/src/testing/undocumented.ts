import type { HttpServer } from '../http/server.ts';

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;

/** The operations of an app whose route has no `operation(...)` as its schema, and is not hidden either. */
export async function undocumented(app: HttpServer): Promise<readonly string[]> {
  await app.ready();
  const { paths = {} } = app.swagger() as { readonly paths?: Paths };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => operationId === undefined)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
}
