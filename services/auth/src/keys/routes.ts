import { KID_PATTERN, SIGNING_ALGORITHMS } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import type { Administrator } from '../accounts/authority.ts';
import { AuthError } from '../errors.ts';
import { type Authorize, administratorOf } from '../http/authorize.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { KeyKeeper, ListedKey } from './key-keeper.ts';
import { KEY_STATES } from './rotation.ts';
import { SIGNERS, type Signer } from './signer.ts';

type AdministeredKeys = Pick<KeyKeeper, 'history' | 'rotate' | 'compromise'>;

export interface KeyRoutesOptions {
  readonly keys: Readonly<Record<Signer, AdministeredKeys>>;
  readonly authorize: Authorize;
}

const Moment = Type.String({ format: 'date-time' });
const Kid = Type.String({ pattern: KID_PATTERN });

const KeysAnswer = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Kid,
      signer: Type.Enum([...SIGNERS]),
      region: Type.Optional(Type.String({ description: 'the one that signs with it, where there are several' })),
      alg: Type.Enum([...SIGNING_ALGORITHMS]),
      state: Type.Enum([...KEY_STATES]),
      waitsFor: Type.Optional(
        Type.Array(Type.String(), { description: 'other regions that do not hold it yet: it signs once all do' }),
      ),
      createdAt: Moment,
      activatedAt: Type.Optional(Moment),
      retiringAt: Type.Optional(Moment),
      retiredAt: Type.Optional(Moment),
      compromisedAt: Type.Optional(Moment),
    }),
  ),
});

const strict = { additionalProperties: false } as const;
const SignerName = Type.Enum([...SIGNERS], { description: 'who signs with the keys' });

const ListQuery = Type.Object({ signer: Type.Optional(SignerName) }, strict);

/** Without a body: an ordinary rotation. */
const RotateBody = Type.Union([
  Type.Null(),
  Type.Object(
    {
      signer: Type.Optional({ ...SignerName, description: 'whose key is replaced; `auth` by default' }),
      compromised: Type.Optional({ ...Kid, description: 'a key of any signer, or of the one that is named' }),
    },
    strict,
  ),
]);
type RotateBody = Static<typeof RotateBody>;

const listOperation = operation(
  { id: 'listSigningKeys', tag: 'keys', summary: 'List the signing keys with their states', needs: 'keys:read' },
  { querystring: ListQuery, response: { 200: KeysAnswer } },
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
  app.get('/v1/keys', { schema: listOperation, onRequest: authorize('keys:read') }, async ({ query: { signer } }) =>
    listed(keys, signer === undefined ? SIGNERS : [signer]),
  );
  app.post(
    '/v1/keys/rotate',
    { schema: rotateOperation, onRequest: authorize('keys:write') },
    async (request, reply) => {
      const signer = await replace(keys, request.body, administratorOf(request));
      return reply.code(202).send(await listed(keys, [signer]));
    },
  );
}

/** @returns whose key it was */
async function replace(keys: KeyRoutesOptions['keys'], body: RotateBody, by: Administrator): Promise<Signer> {
  const { signer, compromised: kid } = body ?? {};
  if (kid !== undefined) return compromise(keys, { kid, by, signers: signer === undefined ? SIGNERS : [signer] });
  const named = signer ?? 'auth';
  await keys[named].rotate(by);
  return named;
}

interface Compromise {
  readonly kid: string;
  readonly by: Administrator;
  readonly signers: readonly Signer[];
}

/** A kid is the key's own, so it is that of one signer only. */
async function compromise(keys: KeyRoutesOptions['keys'], { kid, by, signers }: Compromise): Promise<Signer> {
  const unknown = (error: unknown) => {
    if (error instanceof AuthError && error.code === 'key_unknown') return false;
    throw error;
  };
  for (const signer of signers) {
    if (await keys[signer].compromise(kid, by).then(() => true, unknown)) return signer;
  }
  throw new AuthError('key_unknown', 'there is no signing key with this kid');
}

async function listed(keys: KeyRoutesOptions['keys'], signers: readonly Signer[]) {
  const histories = await Promise.all(
    signers.map(async (signer) => (await keys[signer].history()).map((key) => toKey(signer, key))),
  );
  return { keys: histories.flat() };
}

function toKey(signer: Signer, { kid, region, alg, state, waitsFor, createdAt, ...times }: ListedKey) {
  const { activatedAt, retiringAt, retiredAt, compromisedAt } = times;
  return {
    kid,
    signer,
    ...(region !== '' && { region }),
    alg,
    state,
    ...(waitsFor.length > 0 && { waitsFor: [...waitsFor] }),
    createdAt: createdAt.toISOString(),
    ...(activatedAt && { activatedAt: activatedAt.toISOString() }),
    ...(retiringAt && { retiringAt: retiringAt.toISOString() }),
    ...(retiredAt && { retiredAt: retiredAt.toISOString() }),
    ...(compromisedAt && { compromisedAt: compromisedAt.toISOString() }),
  };
}
