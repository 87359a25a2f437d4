import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { TokenError } from './errors.ts';

/** Public half of a signing key as a JWKS lists it (RFC 7517). */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

export interface SigningKey {
  /** RFC 7638 thumbprint of the public half: the same key has the same name everywhere. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

const generate = promisify(generateKeyPair);

export async function generateSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return signingKey(privateKey);
}

/** @throws TokenError `key_invalid` when these are not the bytes of a P-256 private key in PKCS #8 */
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

async function signingKey(privateKey: KeyObject): Promise<SigningKey> {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256' || x === undefined || y === undefined) {
    throw new TokenError('key_invalid', 'the signing key is not a P-256 key');
  }
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  return { kid, privateKey, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } };
}
