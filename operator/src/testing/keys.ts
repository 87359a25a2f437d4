import { generateKeyPairSync } from 'node:crypto';

/** A fresh public ES256 key as an issuer publishes it. */
export function publicJwk(kid: string) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}
