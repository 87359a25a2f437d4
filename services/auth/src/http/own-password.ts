import { type Static, Type } from 'typebox';
import type { ChangeOwnPassword } from '../accounts/own-password.ts';
import { NewPassword } from '../accounts/schemas.ts';
import type { OwnSession } from '../sessions/own-session.ts';
import { RevokedLater } from './admin-schemas.ts';
import { clientAddress } from './client-address.ts';
import { operation } from './operation.ts';
import type { HttpServer } from './server.ts';

export interface OwnPasswordRouteOptions {
  readonly ownSession: OwnSession;
  readonly changeOwnPassword: ChangeOwnPassword;
}

const OwnPasswordBody = Type.Object(
  { current: Type.String({ minLength: 1, maxLength: 1024 }), password: NewPassword },
  { additionalProperties: false },
);
type OwnPasswordBody = Static<typeof OwnPasswordBody>;

const changeOperation = operation(
  {
    id: 'changeOwnPassword',
    tag: 'users',
    summary: 'Change your password',
    description: 'Ends your other sessions. 202: they end as soon as Redis answers again.',
    needs: 'token',
    problems: [
      'session_expired',
      'permission_missing',
      'credentials_invalid',
      'password_weak',
      'rate_limited',
      'version_conflict',
    ],
  },
  { body: OwnPasswordBody, response: { 202: RevokedLater, 204: Type.Null() } },
);

/** What users do with their own account. */
export function ownPasswordRoute(app: HttpServer, { ownSession, changeOwnPassword }: OwnPasswordRouteOptions): void {
  app.put('/v1/users/me/password', { schema: changeOperation }, async (request, reply) => {
    const { userId, id: session } = await ownSession(request);
    const { current, password }: OwnPasswordBody = request.body;
    const by = { subject: userId, session, requestId: request.id };
    const { revoked } = await changeOwnPassword(by, { current, password, ip: clientAddress(request) });
    if (revoked) return reply.code(204).send(null);
    return reply.code(202).send({ detail: 'stored; your other sessions end as soon as Redis answers again' });
  });
}
