import type { AuditEntry, AuditLog } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import { AuditAnswer, AuditQuery } from './admin-schemas.ts';
import type { Authorize } from './authorize.ts';
import { operation } from './operation.ts';
import { DEFAULT_PAGE, toPage } from './pages.ts';
import type { HttpServer } from './server.ts';

export interface AuditRoutesOptions {
  readonly audit: AuditLog;
  readonly authorize: Authorize;
}

export function auditRoutes(app: HttpServer, { audit, authorize }: AuditRoutesOptions): void {
  const schema = operation(
    {
      id: 'listAudit',
      tag: 'audit',
      summary: 'Who changed what, and when',
      description: 'The newest first.',
      needs: 'audit:read',
    },
    { querystring: AuditQuery, response: { 200: AuditAnswer } },
  );
  app.get('/v1/audit', { schema, onRequest: authorize('audit:read') }, async (request) => {
    const { limit = DEFAULT_PAGE, cursor, since, until, ...filters } = request.query;
    const found = await audit.list({
      ...filters,
      ...(since !== undefined && { since: momentOf(since, '/since') }),
      ...(until !== undefined && { until: momentOf(until, '/until') }),
      ...(cursor !== undefined && { before: cursor }),
      limit: limit + 1,
    });
    return toPage(found, { limit, cursorOf: ({ id }) => id, answer });
  });
}

function answer({ at, changes, ...entry }: AuditEntry) {
  return { ...entry, at: at.toISOString(), changes: { ...changes } };
}

/** What the schema let pass may still be no date: the 13th month. */
function momentOf(text: string, field: string): Date {
  const moment = new Date(text);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new AuthError('request_invalid', 'this is no date', { field });
}
