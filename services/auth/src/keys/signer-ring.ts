import type { Jwks, PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import type { Reading } from './freshness.ts';
import type { StoredKey } from './key-store.ts';

/** What this process holds of the keys of one signer, as the database last had them. */
export interface SignerRing {
  /** Milliseconds since the database was last read; infinite before that. */
  readonly ageMs: number;
  /** The same of its primary. */
  readonly primaryAgeMs: number;
  /** The public halves that others verify with. Reading it throws AuthError `unavailable` when they may be others by now. */
  readonly published: Jwks;
  /**
   * Takes over what was read; the ring stays as it was if that fails.
   * @param stored the keys of this region
   * @param others the public halves of those of other regions
   * @returns what is to be stored in another form, each once
   * @throws AuthError `key_unreadable`
   */
  load(stored: readonly StoredKey[], others: readonly PublicJwk[], reading: Reading): Promise<readonly Repair[]>;
  /**
   * Makes a key. Absent where the signer is another process, which makes its keys itself and offers them.
   * @param region empty where there are no regions
   */
  newKey?(alg: SigningAlgorithm, region: string): Promise<SealedKey>;
}

/** A key whose private half only its signer can use. */
export interface SealedKey {
  readonly publicJwk: PublicJwk;
  readonly sealed: Uint8Array;
}

export type Repair =
  /** It was sealed by a previous encryption key. */
  | { readonly kind: 'reseal'; readonly kid: string; readonly from: Uint8Array; readonly to: Uint8Array }
  /** Its public half is not stored yet, which other regions publish. */
  | { readonly kind: 'describe'; readonly publicJwk: PublicJwk };
