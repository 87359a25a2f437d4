import type { HTTPMethods } from 'fastify';
import { answerProblem } from './problem.ts';
import type { HttpServer } from './server.ts';

/** Those that an API document can name (OpenAPI 3.1 section 4.8.9, and QUERY of 3.2). */
const METHODS = [
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
] as const satisfies HTTPMethods[];

/**
 * Registers routes, and answers 405 with `Allow` (RFC 9110 section 15.5.6) to the other methods of their paths, which
 * fastify would call not found.
 */
export function withOtherMethodsRefused(app: HttpServer, register: (app: HttpServer) => void): void {
  // A plugin of its own: it runs after those that collect routes.
  app.register(async (scope) => {
    const routes = new Map<string, Set<string>>();
    let registering = true;
    scope.addHook('onRoute', ({ url, method }) => {
      if (!registering) return;
      const methods = routes.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      routes.set(url, methods);
    });
    register(scope);
    registering = false;
    for (const [url, methods] of routes) refuseOthers(scope, url, methods);
  });
}

function refuseOthers(app: HttpServer, url: string, methods: ReadonlySet<string>): void {
  const allow = [...methods].sort().join(', ');
  const detail = `this path answers ${allow}`;
  app.route({
    url,
    method: METHODS.filter((method) => !methods.has(method)),
    schema: { hide: true },
    // Before any body is read.
    onRequest: async (_, reply) =>
      answerProblem(reply, { status: 405, code: 'method_not_allowed', detail, headers: { allow } }),
    handler: () => undefined,
  });
}
