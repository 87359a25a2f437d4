import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './keys.ts';
import { importVerifyingKey, type Jwks, type PublicJwk } from './public-jwk.ts';

export interface VerifyingKey {
  /** The only algorithm that it verifies (RFC 8725 section 3.1). */
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
}

/**
 * The keys of a set by `kid`, for as long as its issuer hands out the same set. To import a key costs more than a verification: each is imported
 * when the first token names it, so that one that cannot be spoils no other.
 * @returns what finds a key; it throws TokenError `key_invalid` for one that is none
 */
export function verifyingKeys(jwks: () => Jwks): (kid: string) => VerifyingKey | undefined {
  let source: Jwks | undefined;
  let listed: ReadonlyMap<string, PublicJwk> = new Map();
  let imported = new Map<string, VerifyingKey>();
  return (kid) => {
    const current = jwks();
    if (source !== current) {
      source = current;
      listed = new Map(current.keys.map((jwk) => [jwk.kid, jwk]));
      imported = new Map();
    }
    const known = imported.get(kid);
    const jwk = listed.get(kid);
    if (known !== undefined || jwk === undefined) return known;
    const key = { alg: jwk.alg, key: importVerifyingKey(jwk) };
    imported.set(kid, key);
    return key;
  };
}
