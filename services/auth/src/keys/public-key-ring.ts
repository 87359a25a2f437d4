import { isDeepStrictEqual } from 'node:util';
import type { Clock, Moment } from '@sekisho/kube';
import { type Jwks, type PublicJwk, parsePublicJwk } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { Freshness } from './freshness.ts';
import type { StoredKey } from './key-store.ts';
import type { SignerRing } from './signer-ring.ts';

/** The public halves of a signer that is another process: what it signs with is sealed, and stays so here. */
export class PublicKeyRing implements SignerRing {
  readonly #freshness: Freshness;
  #jwks: Jwks = { keys: [] };

  /** @param staleMs how old what was read may be; see KeyTiming */
  constructor(clock: Clock, staleMs: number) {
    this.#freshness = new Freshness(clock, staleMs);
  }

  get ageMs(): number {
    return this.#freshness.ageMs;
  }

  /** Another object only if it holds other keys. */
  get published(): Jwks {
    this.#freshness.assert();
    return this.#jwks;
  }

  async load(stored: readonly StoredKey[], others: readonly PublicJwk[], readAt: Moment): Promise<readonly []> {
    const keys = [...(await Promise.all(stored.map(publicJwkOf))), ...others];
    if (!isDeepStrictEqual(keys, this.#jwks.keys)) this.#jwks = { keys };
    this.#freshness.renew(readAt);
    return [];
  }
}

/** Looked at again: what a verifier is told to trust is not taken from a table unseen. */
async function publicJwkOf({ kid, alg, publicJwk }: StoredKey): Promise<PublicJwk> {
  try {
    const jwk = await parsePublicJwk(publicJwk);
    if (jwk.kid === kid && jwk.alg === alg) return jwk;
  } catch (cause) {
    throw new AuthError('key_unreadable', 'the stored public half of a signing key is none', { cause });
  }
  throw new AuthError('key_unreadable', 'a stored signing key is not the one that it is stored as');
}
