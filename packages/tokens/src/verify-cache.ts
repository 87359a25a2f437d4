import { hash } from 'node:crypto';
import type { AccessClaims } from './claims.ts';
import { MAX_TOKEN_LENGTH } from './mint.ts';
import { Recent } from './recent.ts';

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
 * What it answers is shared by all who ask, and frozen.
 */
export interface VerifyCache<C> {
  /** At once; undefined for what has to be verified. */
  known(token: string): C | undefined;
  /** Who asks while a token is being verified waits for that one. Rejects as the verification does. */
  verify(token: string): Promise<C>;
}

export function createVerifyCache<C extends Lifetime = AccessClaims>(options: VerifyCacheOptions<C>): VerifyCache<C> {
  const { verify, jwks, clock, maxEntries = 10_000 } = options;
  const verified = new Recent<C>(maxEntries);
  const verifying = new Map<string, Promise<C>>();
  let keys = jwks();

  const forgetWithOtherKeys = () => {
    const current = jwks();
    if (current === keys) return;
    verified.clear();
    verifying.clear();
    keys = current;
  };
  const find = (name: string): C | undefined => {
    forgetWithOtherKeys();
    const found = verified.get(name);
    return found !== undefined && isWithin(found, clock()) ? found : undefined;
  };
  const verifyAs = async (name: string, token: string): Promise<C> => {
    const before = keys;
    const claims = deepFreeze(await verify(token));
    if (jwks() === before) verified.set(name, claims);
    return claims;
  };
  const start = async (name: string, token: string): Promise<C> => {
    const started = verifyAs(name, token);
    verifying.set(name, started);
    try {
      return await started;
    } finally {
      if (verifying.get(name) === started) verifying.delete(name);
    }
  };
  return {
    known: (token) => (isRemembered(token) ? find(nameOf(token)) : undefined),
    async verify(token) {
      if (!isRemembered(token)) return verify(token);
      const name = nameOf(token);
      return find(name) ?? verifying.get(name) ?? start(name, token);
    },
  };
}

/** What is longer than our own tokens would make the bound on entries a bad bound on memory. */
function isRemembered(token: string): boolean {
  return token.length <= MAX_TOKEN_LENGTH;
}

/** Not the token itself: no map of this process is worth stealing, and to look one up by its thousand characters takes no less time. */
function nameOf(token: string): string {
  return hash('sha256', token, 'base64');
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
