import type { HttpServer } from '../http/server.ts';

/** The operations of an app whose route has no `operation(...)` as its schema, and is not hidden either. */
export async function undocumented(app: HttpServer): Promise<readonly string[]> {
  await app.ready();
  return Object.entries(app.swagger().paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).flatMap(([method, { operationId, summary, tags }]) =>
      operationId === undefined || summary === undefined || tags === undefined
        ? [`${method.toUpperCase()} ${path}`]
        : [],
    ),
  );
}
