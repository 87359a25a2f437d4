import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@sekisho/kube';
import { type Jwks, type PublicJwk, parsePublicJwk } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { Freshness, type FreshnessOptions, type Reading } from './freshness.ts';
import type { StoredKey } from './key-store.ts';
import type { SignerRing } from './signer-ring.ts';

/** The public halves of a signer that is another process: what it signs with is sealed, and stays so here. */
export class PublicKeyRing implements SignerRing {
  readonly #freshness: Freshness;
  #jwks: Jwks = { keys: [] };

  constructor(clock: Clock, freshness: FreshnessOptions) {
    this.#freshness = new Freshness(clock, freshness);
  }

  get ageMs(): number {
    return this.#freshness.ageMs;
  }

  get primaryAgeMs(): number {
    return this.#freshness.primaryAgeMs;
  }

  /** Another object only if it holds other keys. */
  get published(): Jwks {
    this.#freshness.assert();
    return this.#jwks;
  }

  async load(stored: readonly StoredKey[], others: readonly PublicJwk[], reading: Reading): Promise<readonly []> {
    const keys = [...(await Promise.all(stored.map(publicJwkOf))), ...others];
    if (!isDeepStrictEqual(keys, this.#jwks.keys)) this.#jwks = { keys };
    this.#freshness.renew(reading);
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
