import type { Session, SessionStore } from '@sekisho/sessions';
import { Type } from 'typebox';
import { AuthError } from '../errors.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { NamedSession, OwnSession } from './own-session.ts';
import type { SessionEndings } from './session-endings.ts';

export interface SessionRoutesOptions {
  readonly sessions: Pick<SessionStore, 'list'>;
  readonly endings: Pick<SessionEndings, 'one' | 'all' | 'proven'>;
  readonly ownSession: OwnSession;
  readonly namedSession: NamedSession;
}

const Moment = Type.String({ format: 'date-time' });
const SessionParams = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }) },
  { additionalProperties: false },
);
const EndQuery = Type.Object(
  { others: Type.Optional(Type.Boolean({ description: 'true keeps the session that asks' })) },
  { additionalProperties: false },
);

const SessionsAnswer = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: Type.String(),
      current: Type.Boolean({ description: 'whether it is the one that asks' }),
      device: Type.Object({
        userAgent: Type.Optional(Type.String()),
        platform: Type.Optional(Type.String()),
        language: Type.Optional(Type.String()),
      }),
      ip: Type.Optional(Type.String({ description: 'address at log-in' })),
      createdAt: Moment,
      lastAccessedAt: Moment,
      expiresAt: Moment,
    }),
  ),
});
/** Nothing to say. */
const Done = Type.Null();

const problems = ['session_expired', 'permission_missing'] as const;

const listOperation = operation(
  { id: 'listOwnSessions', tag: 'sessions', summary: 'List your sessions', needs: 'token', problems },
  { response: { 200: SessionsAnswer } },
);
const endCurrentOperation = operation(
  {
    id: 'logOut',
    tag: 'sessions',
    summary: 'End the session that asks',
    description: 'Also one that is over already, or that Redis lost: nothing from it is accepted afterwards.',
    needs: 'token',
    problems: ['permission_missing'],
  },
  { response: { 204: Done } },
);
const endOneOperation = operation(
  {
    id: 'endOwnSession',
    tag: 'sessions',
    summary: 'End one of your sessions',
    needs: 'token',
    problems: [...problems, 'session_unknown'],
  },
  { params: SessionParams, response: { 204: Done } },
);
const endAllOperation = operation(
  { id: 'endOwnSessions', tag: 'sessions', summary: 'End all of your sessions', needs: 'token', problems },
  { querystring: EndQuery, response: { 204: Done } },
);

/** What users see and end of their own sessions. The tokens of an ended one are refused from then on. */
export function sessionRoutes(app: HttpServer, options: SessionRoutesOptions): void {
  const { sessions, endings, ownSession, namedSession } = options;
  app.get('/v1/sessions', { schema: listOperation }, async (request) => {
    const current = await ownSession(request);
    const own = await sessions.list(current.userId);
    return { sessions: own.map((session) => toAnswer(session, current)) };
  });

  app.delete('/v1/sessions/current', { schema: endCurrentOperation }, async (request, reply) => {
    await endings.proven(await namedSession(request), 'logout');
    return reply.code(204).send(null);
  });

  app.delete('/v1/sessions/:id', { schema: endOneOperation }, async (request, reply) => {
    const { userId } = await ownSession(request);
    if (await endings.one(userId, request.params.id, 'logout')) return reply.code(204).send(null);
    throw new AuthError('session_unknown', 'you have no session with this id');
  });

  app.delete('/v1/sessions', { schema: endAllOperation }, async (request, reply) => {
    const { userId, id } = await ownSession(request);
    // The one that asks comes last: while the others could not be ended, it can ask again.
    await endings.all(userId, 'logout', { except: id });
    if (request.query.others !== true) await endings.one(userId, id, 'logout');
    return reply.code(204).send(null);
  });
}

function toAnswer({ id, device, ip, createdAt, lastAccessedAt, expiresAt }: Session, current: Session) {
  return {
    id,
    current: id === current.id,
    device,
    ...(ip !== undefined && { ip }),
    createdAt: toMoment(createdAt),
    lastAccessedAt: toMoment(lastAccessedAt),
    expiresAt: toMoment(expiresAt),
  };
}

function toMoment(ms: number): string {
  return new Date(ms).toISOString();
}
