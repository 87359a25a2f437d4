import { PublicJwk, SIGNING_ALGORITHMS } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalidAnswer, parseAnswer } from '../auth/auth-client.ts';

/** More of a signer the auth service does not keep: the operator takes 32 keys of all signers. */
const MAX_KEYS = 32;
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
  wanted: Type.Optional(Type.Object({ alg: Alg })),
  accessKeys: Type.Array(PublicJwk, { maxItems: MAX_KEYS }),
  signForSeconds: Type.Integer({ minimum: 1, maximum: 2_592_000 }),
});

/** What the auth service tells the guard of its keys. */
export type SignerAnswer = Static<typeof SignerAnswer>;
export type ToldKey = SignerAnswer['keys'][number];

const validator = Compile(SignerAnswer);

/** @throws GuardError `answer_invalid` naming where it does not fit, never what stands there */
export function parseSignerAnswer(text: string): SignerAnswer {
  const told = parseAnswer(text);
  if (!validator.Check(told)) {
    const path = validator.Errors(told)[0]?.instancePath ?? '';
    throw invalidAnswer(`does not fit at ${path === '' ? '/' : path}`);
  }
  const own = told.keys.map(({ kid }) => kid);
  if (told.keys.some(({ kid, alg, jwk }) => jwk.kid !== kid || jwk.alg !== alg))
    throw invalidAnswer('names a key wrongly');
  // The difference between the two is what keeps a key of the guard from signing access tokens.
  if (told.accessKeys.some(({ kid }) => own.includes(kid)))
    throw invalidAnswer('lists a key of the guard for access tokens');
  return told;
}
