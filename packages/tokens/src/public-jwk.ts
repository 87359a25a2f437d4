import { createPublicKey, type KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { TokenError } from './errors.ts';
import { KID_PATTERN, MAX_KID_LENGTH, regionalKid, regionOfKid } from './region.ts';

const strict = { additionalProperties: false } as const;
const Base64url = (bytes: number) =>
  Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: Math.ceil((bytes * 4) / 3) });
/** RFC 7518 section 3.3 wants 2048 at least; verifiers may refuse what is longer than 4096. */
const RSA_BOUNDS = { least: 2048, most: 4096 };
/** 65537, the exponent that every verifier takes. */
const RSA_EXPONENT = 'AQAB';
const Kid = Type.String({ pattern: KID_PATTERN, maxLength: MAX_KID_LENGTH });
const base = { kid: Kid, use: Type.Literal('sig') };

export const EcPublicJwk = Type.Object(
  {
    kty: Type.Literal('EC'),
    alg: Type.Literal('ES256'),
    crv: Type.Literal('P-256'),
    x: Base64url(32),
    y: Base64url(32),
    ...base,
  },
  strict,
);
export const RsaPublicJwk = Type.Object(
  {
    kty: Type.Literal('RSA'),
    alg: Type.Literal('RS256'),
    n: Base64url(RSA_BOUNDS.most / 8),
    e: Type.Literal(RSA_EXPONENT),
    ...base,
  },
  strict,
);
/**
 * Public half of a signing key as a JWKS lists it (RFC 7517). `kid` is the RFC 7638 thumbprint, with the region before it
 * if there are regions; `alg` is the only algorithm that the key may be used with.
 */
export const PublicJwk = Type.Union([EcPublicJwk, RsaPublicJwk]);

export type EcPublicJwk = Readonly<Static<typeof EcPublicJwk>>;
export type RsaPublicJwk = Readonly<Static<typeof RsaPublicJwk>>;
export type PublicJwk = EcPublicJwk | RsaPublicJwk;

export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

export const USABLE_KEYS = 'on P-256 or RSA with 2048 to 4096 bits';

const validator = Compile(PublicJwk);

/**
 * The public half of a key that somebody else keeps, as they tell it: exactly what we would tell of it. So its name is
 * its own, its point is on the curve, and nothing private is in it.
 * @throws TokenError `key_invalid`
 */
export async function parsePublicJwk(told: unknown): Promise<PublicJwk> {
  const jwk = validator.Check(told) ? await publicJwkOf(importPublicJwk(told), regionOfKid(told.kid)) : undefined;
  if (jwk === undefined || !isDeepStrictEqual(jwk, told)) {
    throw new TokenError('key_invalid', `the key is no public JWK, ${USABLE_KEYS}, named by its RFC 7638 thumbprint`);
  }
  return jwk;
}

/** @returns undefined for a key that tokens are not signed with */
export async function publicJwkOf(publicKey: KeyObject, region: string | undefined): Promise<PublicJwk | undefined> {
  const members = publicMembers(publicKey);
  if (members === undefined) return undefined;
  return { ...members, kid: regionalKid(await calculateJwkThumbprint(members), region), use: 'sig' };
}

/**
 * What tokens that name the key are verified with.
 * @throws TokenError `key_invalid` for one that its algorithm is not made with
 */
export function importVerifyingKey(jwk: PublicJwk): KeyObject {
  const key = importPublicJwk(jwk);
  if (publicMembers(key)?.alg !== jwk.alg) throw new TokenError('key_invalid', `the key is not ${USABLE_KEYS}`);
  return key;
}

function importPublicJwk(jwk: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch (cause) {
    throw new TokenError('key_invalid', 'the key is no public key', { cause });
  }
}

function publicMembers(
  publicKey: KeyObject,
): Omit<EcPublicJwk, 'kid' | 'use'> | Omit<RsaPublicJwk, 'kid' | 'use'> | undefined {
  // Of other keys Node may export no JWK at all.
  if (!isUsable(publicKey)) return undefined;
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined) return { kty, crv, x, y, alg: 'ES256' };
  if (kty === 'RSA' && n !== undefined && e === RSA_EXPONENT) return { kty, n, e, alg: 'RS256' };
  return undefined;
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa') return bits >= RSA_BOUNDS.least && bits <= RSA_BOUNDS.most;
  return asymmetricKeyType === 'ec';
}
