import { PublicJwk, REGION_PATTERN, SIGNING_ALGORITHMS } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalidAnswer, parseAnswer } from '../auth/auth-client.ts';

/** More the auth service does not keep: the operator takes so many of all signers in all regions. */
const MAX_KEYS = 128;
const Alg = Type.Enum([...SIGNING_ALGORITHMS]);
const Sealed = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 4_096 });

const SignerAnswer = Type.Object({
  keys: Type.Array(
    Type.Object({
      kid: Type.String(),
      alg: Alg,
      state: Type.Enum(['next', 'active', 'retiring']),
      jwk: PublicJwk,
      /** Of a key that signs or will. */
      sealed: Type.Optional(Sealed),
    }),
    { maxItems: MAX_KEYS },
  ),
  wanted: Type.Optional(Type.Object({ alg: Alg, region: Type.Optional(Type.String({ pattern: REGION_PATTERN })) })),
  /** The guard's in other regions, which only they sign with. */
  otherKeys: Type.Optional(Type.Array(PublicJwk, { maxItems: MAX_KEYS })),
  accessKeys: Type.Array(PublicJwk, { maxItems: MAX_KEYS }),
  signForSeconds: Type.Integer({ minimum: 1, maximum: 2_592_000 }),
});

/** What the auth service tells the guard of its keys. */
export type SignerAnswer = Static<typeof SignerAnswer>;
export type ToldKey = SignerAnswer['keys'][number];
export type WantedKey = NonNullable<SignerAnswer['wanted']>;

const validator = Compile(SignerAnswer);

/** @throws GuardError `answer_invalid` naming where it does not fit, never what stands there */
export function parseSignerAnswer(text: string): SignerAnswer {
  const told = parseAnswer(text);
  if (!validator.Check(told)) {
    const path = validator.Errors(told)[0]?.instancePath ?? '';
    throw invalidAnswer(`does not fit at ${path === '' ? '/' : path}`);
  }
  const narrowing = [...told.keys, ...(told.otherKeys ?? [])].map(({ kid }) => kid);
  if (told.keys.some(({ kid, alg, jwk }) => jwk.kid !== kid || jwk.alg !== alg))
    throw invalidAnswer('names a key wrongly');
  // The difference between the two is what keeps a key of the guard from signing access tokens.
  if (told.accessKeys.some(({ kid }) => narrowing.includes(kid)))
    throw invalidAnswer('lists a key of the guard for access tokens');
  return told;
}
