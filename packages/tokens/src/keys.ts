import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { TokenError } from './errors.ts';
import { type Jwks, type PublicJwk, publicJwkOf, USABLE_KEYS } from './public-jwk.ts';

/** JWS algorithms that we sign with (RFC 7518 section 3.1). */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export interface SigningKey {
  /** Its region, if there are regions, and the RFC 7638 thumbprint of the public half: the same key has the same name everywhere. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** As strong as P-256: NIST SP 800-57 part 1, table 2. */
const RSA_BITS = 3072;
const generate = promisify(generateKeyPair);

/** @param region the one that is to sign with it; none where there are no regions */
export async function generateSigningKey(alg: SigningAlgorithm = 'ES256', region?: string): Promise<SigningKey> {
  return signingKey(await generatePrivateKey(alg), region);
}

/** @throws TokenError `key_invalid` when these are not the bytes, in PKCS #8, of a private key on P-256 or of RSA with 2048 to 4096 bits */
export async function importSigningKey(pkcs8: Buffer, region?: string): Promise<SigningKey> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new TokenError('key_invalid', 'the signing key is not a PKCS #8 private key', { cause });
  }
  return signingKey(privateKey, region);
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

async function signingKey(privateKey: KeyObject, region: string | undefined): Promise<SigningKey> {
  const publicJwk = await publicJwkOf(createPublicKey(privateKey), region);
  if (publicJwk === undefined) throw new TokenError('key_invalid', `the signing key is not ${USABLE_KEYS}`);
  return { kid: publicJwk.kid, privateKey, publicJwk };
}
