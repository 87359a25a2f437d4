import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { TokenError } from './errors.ts';

/** JWS algorithms that we sign with (RFC 7518 section 3.1). */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

interface PublicJwkBase {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly use: 'sig';
}

export interface EcPublicJwk extends PublicJwkBase {
  readonly kty: 'EC';
  readonly alg: 'ES256';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface RsaPublicJwk extends PublicJwkBase {
  readonly kty: 'RSA';
  readonly alg: 'RS256';
  readonly n: string;
  readonly e: string;
}

/** Public half of a signing key as a JWKS lists it (RFC 7517). `alg` is the only one that the key may be used with. */
export type PublicJwk = EcPublicJwk | RsaPublicJwk;

export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

export interface SigningKey {
  /** RFC 7638 thumbprint of the public half: the same key has the same name everywhere. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** As strong as P-256: NIST SP 800-57 part 1, table 2. */
const RSA_BITS = 3072;
/** RFC 7518 section 3.3 wants 2048 at least; verifiers may refuse what is longer than 4096. */
const RSA_BOUNDS = { least: 2048, most: 4096 };
/** 65537, the exponent that every verifier takes. */
const RSA_EXPONENT = 'AQAB';

const generate = promisify(generateKeyPair);

export async function generateSigningKey(alg: SigningAlgorithm = 'ES256'): Promise<SigningKey> {
  return signingKey(await generatePrivateKey(alg));
}

/** @throws TokenError `key_invalid` when these are not the bytes, in PKCS #8, of a private key on P-256 or of RSA with 2048 to 4096 bits */
export async function importSigningKey(pkcs8: Buffer): Promise<SigningKey> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new TokenError('key_invalid', 'the signing key is not a PKCS #8 private key', { cause });
  }
  return signingKey(privateKey);
}

export function exportSigningKey(key: SigningKey): Buffer {
  return key.privateKey.export({ format: 'der', type: 'pkcs8' });
}

export function toJwks(keys: readonly Pick<SigningKey, 'publicJwk'>[]): Jwks {
  return { keys: keys.map((key) => key.publicJwk) };
}

async function generatePrivateKey(alg: SigningAlgorithm): Promise<KeyObject> {
  switch (alg) {
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
    case 'RS256':
      return (await generate('rsa', { modulusLength: RSA_BITS })).privateKey;
  }
}

async function signingKey(privateKey: KeyObject): Promise<SigningKey> {
  const members = publicMembers(privateKey);
  const kid = await calculateJwkThumbprint(members);
  return { kid, privateKey, publicJwk: { ...members, kid, use: 'sig' } };
}

function publicMembers(privateKey: KeyObject): Omit<EcPublicJwk, 'kid' | 'use'> | Omit<RsaPublicJwk, 'kid' | 'use'> {
  // Of other keys Node exports no JWK at all.
  if (isUsable(privateKey)) {
    const { kty, crv, x, y, n, e } = createPublicKey(privateKey).export({ format: 'jwk' });
    if (kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined) return { kty, crv, x, y, alg: 'ES256' };
    if (kty === 'RSA' && n !== undefined && e === RSA_EXPONENT) return { kty, n, e, alg: 'RS256' };
  }
  throw new TokenError('key_invalid', 'the signing key is neither on P-256 nor RSA with 2048 to 4096 bits');
}

function isUsable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa') return bits >= RSA_BOUNDS.least && bits <= RSA_BOUNDS.most;
  return asymmetricKeyType === 'ec';
}
