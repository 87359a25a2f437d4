import { hash } from 'node:crypto';
import type { AccessClaims } from './claims.ts';
import { MAX_TOKEN_LENGTH } from './mint.ts';
import type { Jwks } from './public-jwk.ts';
import type { Verify } from './verify.ts';

export interface VerifyCacheOptions {
  readonly verify: Verify;
  /** What `verify` verifies with: another object means another set of keys. */
  readonly jwks: () => Jwks;
  readonly clock: () => Date;
  /** Tokens that are remembered; of more, those used least recently are forgotten. @default 10_000 */
  readonly maxEntries?: number;
}

/**
 * Remembers which tokens were verified, for a verifier that sees the same one many times: finding one costs a hash, a
 * verification a hundred times that. It answers from memory only where a verification would answer the same: within the
 * token's own times, with the keys it was verified with. Refusals are not remembered, and revocation is not its matter.
 * The claims are shared by all who ask, and frozen.
 */
export function createVerifyCache(options: VerifyCacheOptions): Verify {
  const { verify, jwks, clock, maxEntries = 10_000 } = options;
  const verified = new Map<string, AccessClaims>();
  let keys = jwks();

  const forgetWithOtherKeys = () => {
    const current = jwks();
    if (current !== keys) verified.clear();
    keys = current;
  };
  const remember = (name: string, claims: AccessClaims) => {
    verified.delete(name);
    verified.set(name, claims);
    const oldest = verified.size > maxEntries ? verified.keys().next().value : undefined;
    if (oldest !== undefined) verified.delete(oldest);
  };

  return async (token) => {
    // What is longer than our own tokens would make the bound on entries a bad bound on memory.
    if (token.length > MAX_TOKEN_LENGTH) return verify(token);
    forgetWithOtherKeys();
    const name = hash('sha256', token, 'base64');
    const known = verified.get(name);
    if (known !== undefined && isWithin(known, clock())) {
      remember(name, known);
      return known;
    }
    const before = keys;
    const claims = deepFreeze(await verify(token));
    if (jwks() === before) remember(name, claims);
    return claims;
  };
}

/** Without the clock skew that verification allows: at the edges the verifier decides. */
function isWithin({ nbf, exp }: AccessClaims, at: Date): boolean {
  const now = at.getTime() / 1000;
  return nbf <= now && now < exp;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
