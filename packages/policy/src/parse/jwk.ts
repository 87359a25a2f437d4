import type { Problem } from '../problem.ts';
import { LIMIT } from '../vocabulary.ts';
import { at } from './field-path.ts';

export type RawKey = Readonly<Record<string, unknown>>;

/** Why a published key is passed over, in words that complete "1 key ...". */
export type Unusable =
  | 'not for signatures'
  | 'of an unknown kty'
  | 'on an unknown curve'
  | 'for an algorithm that the mesh cannot verify'
  | 'malformed or of an unsound size';

// RFC 7518 sections 6.2.2, 6.3.2 and 6.4: members that only a private or symmetric key has; `priv` is that of kty AKP.
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** Coordinate length in base64url characters, and the algorithm, of each curve that Envoy verifies with. */
const EC_CURVE: Readonly<Record<string, { readonly length: number; readonly alg: string }>> = {
  'P-256': { length: 43, alg: 'ES256' },
  'P-384': { length: 64, alg: 'ES384' },
  'P-521': { length: 88, alg: 'ES512' },
};
const RSA_ALG = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
/** 65537 and 3: Envoy refuses every other exponent (source/common/jwt/jwks.cc). */
const RSA_EXPONENT = ['AQAB', 'Aw'];

/** Whatever else the key says, what is secret has no place in a published set. */
export function secretProblems(key: RawKey, path: string): readonly Problem[] {
  if (key['kty'] !== 'oct' && PRIVATE_MEMBERS.every((name) => key[name] === undefined)) return [];
  const hint = 'publish the public key only, and replace this one: it is no longer secret';
  return [{ path, code: 'PrivateKey', message: 'is a private or symmetric key', hint }];
}

export function nameProblems({ kid }: RawKey, path: string): readonly Problem[] {
  if (typeof kid === 'string' && kid !== '' && kid.length <= LIMIT.value) return [];
  const hint = `set 1 to ${LIMIT.value} characters`;
  return [{ path: at(path, 'kid'), code: 'Missing', message: 'is needed to tell keys apart', hint }];
}

/**
 * Why a key verifies no token here, if so. RFC 7517 section 5 asks to ignore what is not understood, lacks members or is out of
 * range; what is left is what Envoy takes, so that the keys of a RequestAuthentication are those that it verifies with.
 */
export function unusable(key: RawKey): Unusable | undefined {
  if (!isForSignatures(key)) return 'not for signatures';
  switch (key['kty']) {
    case 'EC':
      return unusableEc(key);
    case 'RSA':
      return unusableRsa(key);
    case 'OKP':
      return unusableOkp(key);
    default:
      return 'of an unknown kty';
  }
}

/** RFC 7517 sections 4.2 and 4.3; a key that says nothing may be used for anything. */
function isForSignatures({ use, key_ops: operations }: RawKey): boolean {
  const verifies = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return verifies && (use === undefined || use === 'sig');
}

function unusableEc({ crv, x, y, alg }: RawKey): Unusable | undefined {
  const curve = typeof crv === 'string' && Object.hasOwn(EC_CURVE, crv) ? EC_CURVE[crv] : undefined;
  if (curve === undefined) return 'on an unknown curve';
  return fitting([x, y].every((member) => isBase64url(member, curve.length))) ?? verifiable(alg, [curve.alg]);
}

function unusableOkp({ crv, x, alg }: RawKey): Unusable | undefined {
  if (crv !== 'Ed25519') return 'on an unknown curve';
  return fitting(isBase64url(x, 43)) ?? verifiable(alg, ['EdDSA']);
}

function unusableRsa({ n, e, alg }: RawKey): Unusable | undefined {
  // Leading zeros (`A`) make a modulus no stronger.
  const significant = typeof n === 'string' && BASE64URL.test(n) ? n.replace(/^A+/, '') : '';
  const bits = Math.floor((significant.length * 6) / 8) * 8;
  const sound = bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && typeof e === 'string' && RSA_EXPONENT.includes(e);
  return fitting(sound) ?? verifiable(alg, RSA_ALG);
}

function fitting(sound: boolean): Unusable | undefined {
  return sound ? undefined : 'malformed or of an unsound size';
}

function verifiable(alg: unknown, known: readonly string[]): Unusable | undefined {
  const fits = alg === undefined || (typeof alg === 'string' && known.includes(alg));
  return fits ? undefined : 'for an algorithm that the mesh cannot verify';
}

function isBase64url(member: unknown, length: number): boolean {
  return typeof member === 'string' && member.length === length && BASE64URL.test(member);
}
