import type { Moment } from '@sekisho/kube';
import type { Jwks, PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import type { StoredKey } from './key-store.ts';

/** What this process holds of the keys of one signer, as the database last had them. */
export interface SignerRing {
  /** Milliseconds since the database was last read; infinite before that. */
  readonly ageMs: number;
  /** The public halves that others verify with. Reading it throws AuthError `unavailable` when they may be others by now. */
  readonly published: Jwks;
  /**
   * Takes over what was read; the ring stays as it was if that fails.
   * @param readAt before the database was asked
   * @returns what is to be stored in another form, each once
   * @throws AuthError `key_unreadable`
   */
  load(stored: readonly StoredKey[], readAt: Moment): Promise<readonly Resealed[]>;
  /** Makes a key. Absent where the signer is another process, which makes its keys itself and offers them. */
  newKey?(alg: SigningAlgorithm): Promise<SealedKey>;
}

/** A key whose private half only its signer can use. */
export interface SealedKey {
  readonly publicJwk: PublicJwk;
  readonly sealed: Uint8Array;
}

export interface Resealed {
  readonly kid: string;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}
