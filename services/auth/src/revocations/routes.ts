import { type OnSecurityEvent, type Revocation, SessionError } from '@sekisho/sessions';
import { TEXT_PATTERN, TokenError, type Verify } from '@sekisho/tokens';
import { type Static, type TString, Type } from 'typebox';
import { AuthError } from '../errors.ts';
import { type Authorize, administratorOf } from '../http/authorize.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { RevokeByName } from './revoke-by-name.ts';

export interface RevocationRoutesOptions {
  readonly authorize: Authorize;
  readonly revoke: RevokeByName;
  /** Accepts every token of this issuer, whoever signed it, for any audience. */
  readonly verify: Verify;
  readonly onSecurityEvent: OnSecurityEvent;
}

const name = (maxLength: number, description: string): TString =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN, description });
const only = { additionalProperties: false, minProperties: 1, maxProperties: 1 } as const;

const RevocationBody = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 1, maxLength: 8_192, description: 'a whole access token' })),
    jti: Type.Optional(name(64, "a token's jti, and what was derived from that token")),
    session: Type.Optional(name(128, 'a session, which ends too')),
    user: Type.Optional(name(384, 'everything issued to a user until now; all sessions end too')),
    device: Type.Optional(name(128, 'everything issued to sessions on a device until now')),
    client: Type.Optional(name(384, 'everything issued to a client until now')),
    key: Type.Optional(name(128, 'everything that a signing key signed: its kid')),
    issuedBefore: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 253_402_300_799, description: 'everything issued up to this epoch second' }),
    ),
  },
  { ...only, description: 'exactly one of these' },
);
type RevocationBody = Static<typeof RevocationBody>;

const RevocationAnswer = Type.Object({
  revoked: Type.String({ description: 'the kind of what is refused now' }),
  detail: Type.Optional(Type.String()),
});
const LATER = 'stored; it is revoked as soon as Redis answers again';

const revokeOperation = operation(
  {
    id: 'revoke',
    tag: 'revocations',
    summary: 'Refuse tokens from now on',
    description: `When it answers 200, the revocation is on its way to everything that checks tokens. 202: ${LATER}.`,
    needs: 'revocations:write',
  },
  { body: RevocationBody, response: { 200: RevocationAnswer, 202: RevocationAnswer } },
);

/** Revocation by administrators. */
export function revocationRoutes(app: HttpServer, options: RevocationRoutesOptions): void {
  const { authorize, revoke, onSecurityEvent } = options;
  const settings = { schema: revokeOperation, onRequest: authorize('revocations:write') };
  app.post('/v1/revocations', settings, async (request, reply) => {
    const revocation = await toRevocation(request.body, options.verify);
    const made = await named(() => revoke(revocation, administratorOf(request)));
    const { kind: revoked } = revocation;
    onSecurityEvent({ kind: 'revoked', what: revoked, id: revocation.kind === 'all' ? '*' : revocation.id });
    return made ? { revoked } : reply.code(202).send({ revoked, detail: LATER });
  });
}

async function toRevocation(body: RevocationBody, verify: Verify): Promise<Revocation> {
  const { token, jti, session, user, device, client, key, issuedBefore } = body;
  if (token !== undefined) return tokenRevocation(token, verify);
  if (jti !== undefined) return { kind: 'token', id: jti };
  if (session !== undefined) return { kind: 'session', id: session };
  if (user !== undefined) return { kind: 'user', id: user };
  if (device !== undefined) return { kind: 'device', id: device };
  if (client !== undefined) return { kind: 'client', id: client };
  if (key !== undefined) return { kind: 'key', id: key };
  if (issuedBefore !== undefined) return { kind: 'all', issuedBefore };
  throw new AuthError('request_invalid', 'name what is to be revoked');
}

/** Only a token of ours: who could have any text taken for one could fill the memory of every reader. */
async function tokenRevocation(token: string, verify: Verify): Promise<Revocation> {
  try {
    const { jti, exp } = await verify(token);
    return { kind: 'token', id: jti, exp };
  } catch (cause) {
    if (!(cause instanceof TokenError)) throw cause;
    const why = cause.code === 'token_expired' ? 'is expired: nothing accepts it' : 'is not a token of this issuer';
    throw new AuthError('request_invalid', why, { field: '/token', cause });
  }
}

/** The schema holds everything but the clock: a moment to come is refused by the revoker. */
async function named<T>(revoke: () => Promise<T>): Promise<T> {
  try {
    return await revoke();
  } catch (cause) {
    if (!(cause instanceof SessionError) || cause.code !== 'revocation_invalid') throw cause;
    throw new AuthError('request_invalid', cause.message, { field: '/issuedBefore', cause });
  }
}
