import { type Jwks, PublicJwk, parsePublicJwk, SIGNING_ALGORITHMS, TokenError } from '@sekisho/tokens';
import { Type } from 'typebox';
import { AuthError } from '../errors.ts';
import { authorizeGuard, type WorkloadsAllowed } from '../exchange/authorize-guard.ts';
import { operation } from '../http/operation.ts';
import type { HttpServer } from '../http/server.ts';
import type { KeyKeeper, LiveKeys } from './key-keeper.ts';
import type { StoredKey } from './key-store.ts';
import { KEY_STATES } from './rotation.ts';
import { GUARD_CUT_OFF_SECONDS } from './timing.ts';

export interface SignerRoutesOptions extends WorkloadsAllowed {
  readonly guard: Pick<KeyKeeper, 'live' | 'offer'>;
  /** The public keys of this service, which access tokens are signed with. Throws AuthError `unavailable`. */
  readonly accessKeys: () => Jwks;
}

/** RSA with 4096 bits is 2,400 bytes in PKCS #8. */
const MAX_SEALED_LENGTH = 4_096;
const Sealed = Type.String({
  pattern: '^[A-Za-z0-9_-]{40,}$',
  maxLength: MAX_SEALED_LENGTH,
  description: 'the private half, as only the signer can open it; base64url',
});
const Alg = Type.Enum([...SIGNING_ALGORITHMS]);

const SignerKeys = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Type.String(),
      alg: Alg,
      state: Type.Enum(KEY_STATES.filter((state) => state !== 'retired')),
      jwk: PublicJwk,
      sealed: Type.Optional({ ...Sealed, description: 'of a key that signs or will' }),
    }),
  ),
  wanted: Type.Optional(
    Type.Object(
      { alg: Alg, region: Type.Optional(Type.String({ description: 'what its kid begins with, before a dot' })) },
      { description: 'offer such a key' },
    ),
  ),
  otherKeys: Type.Array(PublicJwk, { description: 'those of the guard in other regions' }),
  accessKeys: Type.Array(PublicJwk, { description: 'what access tokens are verified with: no key of another signer' }),
  signForSeconds: Type.Integer({ description: 'how long these keys may be used without asking again' }),
});

const OfferBody = Type.Object({ jwk: PublicJwk, alg: Alg, sealed: Sealed }, { additionalProperties: false });

const tag = 'signers';
const problems = ['permission_missing'] as const;
const description =
  'For the guard alone, which proves who it is by a projected ServiceAccount token with the audience sekisho.';

const listOperation = operation(
  { id: 'listGuardKeys', tag, summary: 'List the keys of the guard', description, needs: 'workload', problems },
  { response: { 200: SignerKeys } },
);
const offerOperation = operation(
  {
    id: 'offerGuardKey',
    tag,
    summary: 'Offer a key that the guard made',
    description: `${description} The same key once more changes nothing; when another one came first, list the keys again.`,
    needs: 'workload',
    problems: [...problems, 'key_unwanted'],
  },
  { body: OfferBody, response: { 200: SignerKeys } },
);

const PATH = '/v1/signers/guard/keys';

/** Keys of signers beside this service, for those signers: their private halves pass through here sealed. */
export function signerRoutes(app: HttpServer, options: SignerRoutesOptions): void {
  const { guard } = options;
  const onRequest = authorizeGuard(options);
  const answer = async () => toAnswer(await guard.live(), options.accessKeys());
  app.get(PATH, { schema: listOperation, onRequest }, answer);
  app.post(PATH, { schema: offerOperation, onRequest }, async ({ body: { jwk, alg, sealed } }) => {
    const publicJwk = await parsePublicJwk(jwk).catch(refuseKey);
    if (publicJwk.alg !== alg) throw new AuthError('request_invalid', 'alg must be that of the key', { field: '/alg' });
    await guard.offer({ publicJwk, sealed: Buffer.from(sealed, 'base64url') });
    return answer();
  });
}

function refuseKey(cause: unknown): never {
  throw cause instanceof TokenError ? new AuthError('request_invalid', cause.message, { cause, field: '/jwk' }) : cause;
}

function toAnswer({ keys, wanted, region, others }: LiveKeys, { keys: accessKeys }: Jwks) {
  return {
    keys: keys.flatMap(toKey),
    ...(wanted !== undefined && { wanted: { alg: wanted, ...(region !== '' && { region }) } }),
    otherKeys: [...others.keys],
    accessKeys: [...accessKeys],
    signForSeconds: GUARD_CUT_OFF_SECONDS,
  };
}

function toKey({ kid, alg, state, publicJwk, sealed }: StoredKey) {
  if (publicJwk === undefined) return [];
  const opens = state === 'retiring' ? {} : { sealed: Buffer.from(sealed).toString('base64url') };
  return [{ kid, alg, state, jwk: publicJwk, ...opens }];
}
