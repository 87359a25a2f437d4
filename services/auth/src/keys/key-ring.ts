import { isDeepStrictEqual } from 'node:util';
import type { Clock, Moment } from '@sekisho/kube';
import {
  type EncryptionKeys,
  generateSigningKey,
  type Jwks,
  openSigningKey,
  type SigningAlgorithm,
  type SigningKey,
  sealSigningKey,
  TokenError,
  toJwks,
} from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { Freshness } from './freshness.ts';
import type { StoredKey } from './key-store.ts';
import type { Resealed, SealedKey, SignerRing } from './signer-ring.ts';

/** The keys of now: read a property for each use, and keep none. */
export interface KeyRing {
  /** The one to sign with. Reading it throws AuthError `unavailable` when this process may not know the latest keys. */
  readonly active: SigningKey;
  /** The public halves that others verify with. Reading it throws AuthError `unavailable` likewise. */
  readonly published: Jwks;
  /**
   * The same as they were last known, to verify with here: a database that is away makes no token invalid. Another
   * object only if it holds other keys.
   */
  readonly jwks: Jwks;
}

export interface KeyRingOptions {
  readonly encryptionKeys: EncryptionKeys;
  readonly clock: Clock;
  /** How old what was read may be; see KeyTiming. */
  readonly staleMs: number;
}

/**
 * The keys as the database last had them. After `staleMs` without a new look at it the ring signs and publishes nothing:
 * meanwhile other replicas may sign with a key that is not in it, or have taken one out that somebody stole.
 */
export class LiveKeyRing implements KeyRing, SignerRing {
  readonly #encryptionKeys: EncryptionKeys;
  readonly #freshness: Freshness;
  #opened: ReadonlyMap<string, SigningKey> = new Map();
  #active: SigningKey | undefined;
  #jwks: Jwks = { keys: [] };

  constructor({ encryptionKeys, clock, staleMs }: KeyRingOptions) {
    this.#encryptionKeys = encryptionKeys;
    this.#freshness = new Freshness(clock, staleMs);
  }

  get active(): SigningKey {
    this.#freshness.assert();
    if (this.#active === undefined) {
      throw new AuthError('unavailable', 'there is no active signing key', { retryAfter: 1 });
    }
    return this.#active;
  }

  get published(): Jwks {
    this.#freshness.assert();
    return this.#jwks;
  }

  get jwks(): Jwks {
    return this.#jwks;
  }

  get ageMs(): number {
    return this.#freshness.ageMs;
  }

  async newKey(alg: SigningAlgorithm): Promise<SealedKey> {
    const key = await generateSigningKey(alg);
    return { publicJwk: key.publicJwk, sealed: sealSigningKey(key, this.#encryptionKeys.current) };
  }

  /** @returns of those read for the first time the ones that a previous encryption key sealed, sealed with the current one */
  async load(stored: readonly StoredKey[], readAt: Moment): Promise<readonly Resealed[]> {
    const resealed: Resealed[] = [];
    const opened = new Map<string, SigningKey>();
    for (const key of stored) {
      const known = this.#opened.get(key.kid) ?? (await this.#open(key, resealed));
      opened.set(key.kid, known);
    }
    if (!isDeepStrictEqual([...opened.keys()], [...this.#opened.keys()])) this.#jwks = toJwks([...opened.values()]);
    this.#opened = opened;
    this.#active = opened.get(stored.find(({ state }) => state === 'active')?.kid ?? '');
    this.#freshness.renew(readAt);
    return resealed;
  }

  async #open(stored: StoredKey, resealed: Resealed[]): Promise<SigningKey> {
    const { kid, sealed } = stored;
    const { key, outdated } = await openSigningKey(sealed, kid, this.#encryptionKeys).catch(unreadable);
    if (key.publicJwk.alg !== stored.alg) {
      throw new AuthError('key_unreadable', 'a stored signing key is not the one that it is stored as');
    }
    if (outdated) resealed.push({ kid, from: sealed, to: sealSigningKey(key, this.#encryptionKeys.current) });
    return key;
  }
}

function unreadable(cause: unknown): never {
  if (!(cause instanceof TokenError)) throw cause;
  const wayOut = 'KEY_ENCRYPTION_KEY_FILE must hold the key that the signing keys were stored with';
  throw new AuthError('key_unreadable', `a stored signing key cannot be decrypted: ${wayOut}`, { cause });
}
