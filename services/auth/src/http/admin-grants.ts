import type { Administration } from '../accounts/administration.ts';
import { GrantBody, GrantParams, GrantsBody, UserAnswer, UserParams } from './admin-schemas.ts';
import { answerChanged } from './admin-users.ts';
import { type Authorize, administratorOf } from './authorize.ts';
import { IfMatch, requiredVersion } from './if-match.ts';
import { operation } from './operation.ts';
import type { HttpServer } from './server.ts';

export interface GrantRoutesOptions {
  readonly administration: Administration;
  readonly authorize: Authorize;
}

const CHANGED = { 200: UserAnswer, 202: UserAnswer } as const;
const PROBLEMS = ['permission_missing', 'user_unknown', 'last_administrator'] as const;

/** What users may do at each service. */
export function grantRoutes(app: HttpServer, options: GrantRoutesOptions): void {
  replaceRoute(app, options);
  setRoute(app, options);
  removeRoute(app, options);
}

function replaceRoute(app: HttpServer, { administration, authorize }: GrantRoutesOptions): void {
  const schema = operation(
    {
      id: 'replaceGrants',
      tag: 'grants',
      summary: 'Replace all grants of a user',
      description:
        'Needs If-Match with the ETag of what was read. When one is taken away, tokens issued before are revoked.',
      needs: 'users:write',
      problems: [...PROBLEMS, 'version_required', 'version_conflict', 'grants_ambiguous', 'claims_too_large'],
    },
    { params: UserParams, headers: IfMatch, body: GrantsBody, response: CHANGED },
  );
  app.put('/v1/users/:id/grants', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const version = requiredVersion(request.headers['if-match']);
    const subject = { ...request.params, by: administratorOf(request), version };
    return answerChanged(reply, await administration.replaceGrants(subject, request.body.grants));
  });
}

function setRoute(app: HttpServer, { administration, authorize }: GrantRoutesOptions): void {
  const schema = operation(
    {
      id: 'setGrant',
      tag: 'grants',
      summary: 'Grant a user one service, in place of what was granted there',
      needs: 'users:write',
      problems: [...PROBLEMS, 'claims_too_large'],
    },
    { params: GrantParams, body: GrantBody, response: CHANGED },
  );
  app.put('/v1/users/:id/grants/:service', { schema, onRequest: authorize('users:write') }, async (request, reply) => {
    const { id, service } = request.params;
    const subject = { id, by: administratorOf(request) };
    return answerChanged(reply, await administration.setGrant(subject, { service, ...request.body }));
  });
}

function removeRoute(app: HttpServer, { administration, authorize }: GrantRoutesOptions): void {
  const schema = operation(
    {
      id: 'removeGrant',
      tag: 'grants',
      summary: 'Take the grant of one service away',
      description: 'Tokens issued before are revoked.',
      needs: 'users:write',
      problems: [...PROBLEMS, 'grant_unknown'],
    },
    { params: GrantParams, response: CHANGED },
  );
  const options = { schema, onRequest: authorize('users:write') };
  app.delete('/v1/users/:id/grants/:service', options, async (request, reply) => {
    const { id, service } = request.params;
    const subject = { id, by: administratorOf(request) };
    return answerChanged(reply, await administration.removeGrant(subject, service));
  });
}
