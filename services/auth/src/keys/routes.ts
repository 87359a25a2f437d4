import { SIGNING_ALGORITHMS } from '@sekisho/tokens';
import { Type } from 'typebox';
import { type Authorize, administratorOf } from '../http/authorize.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { KeyKeeper } from './key-keeper.ts';
import type { KeyHistory } from './key-store.ts';
import { KEY_STATES } from './rotation.ts';

export interface KeyRoutesOptions {
  readonly keys: Pick<KeyKeeper, 'history' | 'rotate' | 'compromise'>;
  readonly authorize: Authorize;
}

const Moment = Type.String({ format: 'date-time' });
/** RFC 7638 thumbprint: SHA-256 in base64url. */
const Kid = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

const KeysAnswer = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Kid,
      alg: Type.Enum([...SIGNING_ALGORITHMS]),
      state: Type.Enum([...KEY_STATES]),
      createdAt: Moment,
      activatedAt: Type.Optional(Moment),
      retiringAt: Type.Optional(Moment),
      retiredAt: Type.Optional(Moment),
      compromisedAt: Type.Optional(Moment),
    }),
  ),
});

/** Without a body: an ordinary rotation. */
const RotateBody = Type.Union([
  Type.Null(),
  Type.Object({ compromised: Type.Optional(Kid) }, { additionalProperties: false }),
]);

const listOperation = operation(
  { id: 'listSigningKeys', tag: 'keys', summary: 'List the signing keys with their states', needs: 'keys:read' },
  { response: { 200: KeysAnswer } },
);

const rotateOperation = operation(
  {
    id: 'rotateSigningKey',
    tag: 'keys',
    summary: 'Replace the signing key',
    description:
      'Lets the next key sign, once everybody holds it. A compromised key is taken out of use at once instead, and every token that it signed is revoked.',
    needs: 'keys:write',
    problems: ['key_unknown'],
  },
  { body: RotateBody, response: { 202: KeysAnswer } },
);

/** Signing keys, for administrators: never more than their names, states and times. */
export function keyRoutes(app: HttpServer, { keys, authorize }: KeyRoutesOptions): void {
  app.get('/v1/keys', { schema: listOperation, onRequest: authorize('keys:read') }, async () =>
    toAnswer(await keys.history()),
  );
  app.post(
    '/v1/keys/rotate',
    { schema: rotateOperation, onRequest: authorize('keys:write') },
    async (request, reply) => {
      const compromised = request.body?.compromised;
      const by = administratorOf(request);
      await (compromised === undefined ? keys.rotate(by) : keys.compromise(compromised, by));
      return reply.code(202).send(toAnswer(await keys.history()));
    },
  );
}

function toAnswer(keys: readonly KeyHistory[]) {
  return { keys: keys.map(toKey) };
}

function toKey({ kid, alg, state, createdAt, ...times }: KeyHistory) {
  const { activatedAt, retiringAt, retiredAt, compromisedAt } = times;
  return {
    kid,
    alg,
    state,
    createdAt: createdAt.toISOString(),
    ...(activatedAt && { activatedAt: activatedAt.toISOString() }),
    ...(retiringAt && { retiringAt: retiringAt.toISOString() }),
    ...(retiredAt && { retiredAt: retiredAt.toISOString() }),
    ...(compromisedAt && { compromisedAt: compromisedAt.toISOString() }),
  };
}
