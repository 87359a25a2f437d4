import { hash } from 'node:crypto';
import type { AccessClaims } from './claims.ts';
import { MAX_TOKEN_LENGTH } from './mint.ts';

/** What of a token's claims is looked at here; epoch seconds. */
interface Lifetime {
  readonly nbf?: number;
  readonly exp: number;
}

export interface VerifyCacheOptions<C extends Lifetime = AccessClaims> {
  readonly verify: (token: string) => Promise<C>;
  /** What `verify` verifies with: another object means another set of keys. */
  readonly jwks: () => object;
  readonly clock: () => Date;
  /** Tokens that are remembered; of more, those used least recently are forgotten. @default 10_000 */
  readonly maxEntries?: number;
}

/**
 * Remembers which tokens were verified, for a verifier that sees the same one many times: finding one costs a hash, a
 * verification a hundred times that. It answers from memory only where a verification would answer the same: within the
 * token's own times, with the keys it was verified with. Refusals are not remembered, and revocation is not its matter.
 * Who asks while a token is being verified waits for that one. The claims are shared by all who ask, and frozen.
 */
export function createVerifyCache<C extends Lifetime = AccessClaims>(
  options: VerifyCacheOptions<C>,
): (token: string) => Promise<C> {
  const { verify, jwks, clock, maxEntries = 10_000 } = options;
  const verified = new Map<string, C>();
  const verifying = new Map<string, Promise<C>>();
  let keys = jwks();

  const forgetWithOtherKeys = () => {
    const current = jwks();
    if (current === keys) return;
    verified.clear();
    verifying.clear();
    keys = current;
  };
  const remember = (name: string, claims: C) => {
    verified.delete(name);
    verified.set(name, claims);
    const oldest = verified.size > maxEntries ? verified.keys().next().value : undefined;
    if (oldest !== undefined) verified.delete(oldest);
  };

  const verifyAs = async (name: string, token: string) => {
    const before = keys;
    const claims = deepFreeze(await verify(token));
    if (jwks() === before) remember(name, claims);
    return claims;
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
    const running = verifying.get(name);
    if (running !== undefined) return running;
    const started = verifyAs(name, token);
    verifying.set(name, started);
    try {
      return await started;
    } finally {
      if (verifying.get(name) === started) verifying.delete(name);
    }
  };
}

/** Without the clock skew that verification allows: at the edges the verifier decides. */
function isWithin({ nbf = 0, exp }: Lifetime, at: Date): boolean {
  const now = at.getTime() / 1000;
  return nbf <= now && now < exp;
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
