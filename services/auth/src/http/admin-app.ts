import { type Checks, type Logger, type Metrics, opsRoutes, type Tracing } from '@sekisho/telemetry';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { type AuditRoutesOptions, auditRoutes } from './admin-audit.ts';
import { grantRoutes } from './admin-grants.ts';
import { type UserSessionRoutesOptions, userSessionRoutes } from './admin-sessions.ts';
import { type UserRoutesOptions, userRoutes } from './admin-users.ts';
import { collectOpenApi, openApiRoute } from './open-api.ts';
import { withOtherMethodsRefused } from './other-methods.ts';
import { createServer, type HttpServer } from './server.ts';

export interface AdminAppOptions extends UserRoutesOptions, UserSessionRoutesOptions, AuditRoutesOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** @default nothing is recorded */
  readonly tracing?: Tracing;
  readonly trail?: AuthAuditTrail;
  /** What must work for the service to be ready, by name. */
  readonly checks: Checks;
  /** Adds routes of other parts. @default none */
  readonly more?: (routes: HttpServer) => void;
}

const INFO = {
  title: 'Sekisho auth, administration',
  description: 'Users, grants and what was issued to them. Reached inside the cluster only.',
};

/** What the cluster may reach: administration by token, health and metrics without. */
export function buildAdminApp(options: AdminAppOptions): HttpServer {
  const app = createServer(options.log, { tracing: options.tracing, audit: options.trail });
  collectOpenApi(app, INFO);
  withOtherMethodsRefused(app, (routes) => {
    openApiRoute(routes);
    userRoutes(routes, options);
    grantRoutes(routes, options);
    userSessionRoutes(routes, options);
    auditRoutes(routes, options);
    options.more?.(routes);
    healthRoutes(routes, options);
  });
  return app;
}

function healthRoutes(app: HttpServer, options: AdminAppOptions): void {
  for (const [path, handler] of opsRoutes(options)) {
    app.get(path, { schema: { hide: true } }, async ({ headers: { accept } }, reply) => {
      const { status, contentType, body } = await handler({ accept });
      return reply.code(status).type(contentType).send(body);
    });
  }
}
