import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@sekisho/kube';
import {
  type EncryptionKeys,
  generateSigningKey,
  type Jwks,
  openSigningKey,
  type PublicJwk,
  type SigningAlgorithm,
  type SigningKey,
  sealSigningKey,
  TokenError,
} from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { Freshness, type FreshnessOptions, type Reading } from './freshness.ts';
import type { StoredKey } from './key-store.ts';
import type { Repair, SealedKey, SignerRing } from './signer-ring.ts';

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

export interface KeyRingOptions extends FreshnessOptions {
  readonly encryptionKeys: EncryptionKeys;
  readonly clock: Clock;
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
  #isIntroduced = false;
  #jwks: Jwks = { keys: [] };

  constructor({ encryptionKeys, clock, ...freshness }: KeyRingOptions) {
    this.#encryptionKeys = encryptionKeys;
    this.#freshness = new Freshness(clock, freshness);
  }

  get active(): SigningKey {
    this.#freshness.assert();
    if (this.#active === undefined) {
      throw new AuthError('unavailable', 'there is no signing key in use yet', { retryAfter: 1 });
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

  get primaryAgeMs(): number {
    return this.#freshness.primaryAgeMs;
  }

  /**
   * Whether requests may be sent here: also while the first key of a region waits for the others, who have to fetch it from here.
   * @throws AuthError `unavailable`
   */
  assertServing(): void {
    this.#freshness.assert();
    if (!this.#isIntroduced) void this.active;
  }

  async newKey(alg: SigningAlgorithm, region: string): Promise<SealedKey> {
    const key = await generateSigningKey(alg, region === '' ? undefined : region);
    return { publicJwk: key.publicJwk, sealed: sealSigningKey(key, this.#encryptionKeys.current) };
  }

  /** @returns of those read for the first time what a previous encryption key sealed, and what was stored without its public half */
  async load(stored: readonly StoredKey[], others: readonly PublicJwk[], reading: Reading): Promise<readonly Repair[]> {
    const repairs: Repair[] = [];
    const opened = new Map<string, SigningKey>();
    for (const key of stored) {
      const known = this.#opened.get(key.kid) ?? (await this.#open(key, repairs));
      opened.set(key.kid, known);
    }
    const keys = [...[...opened.values()].map(({ publicJwk }) => publicJwk), ...others];
    if (!isDeepStrictEqual(keys, this.#jwks.keys)) this.#jwks = { keys };
    this.#opened = opened;
    this.#active = opened.get(stored.find(({ state }) => state === 'active')?.kid ?? '');
    this.#isIntroduced = stored.some(({ state }) => state === 'next');
    this.#freshness.renew(reading);
    return repairs;
  }

  async #open(stored: StoredKey, repairs: Repair[]): Promise<SigningKey> {
    const { kid, sealed } = stored;
    const { key, outdated } = await openSigningKey(sealed, kid, this.#encryptionKeys).catch(unreadable);
    if (key.publicJwk.alg !== stored.alg) {
      throw new AuthError('key_unreadable', 'a stored signing key is not the one that it is stored as');
    }
    if (outdated) {
      repairs.push({ kind: 'reseal', kid, from: sealed, to: sealSigningKey(key, this.#encryptionKeys.current) });
    }
    if (stored.publicJwk === undefined) repairs.push({ kind: 'describe', publicJwk: key.publicJwk });
    return key;
  }
}

function unreadable(cause: unknown): never {
  if (!(cause instanceof TokenError)) throw cause;
  const wayOut =
    'KEY_ENCRYPTION_KEY_FILE must hold the key that the signing keys were stored with, and the first of REGIONS be the region that had them';
  throw new AuthError('key_unreadable', `a stored signing key cannot be decrypted: ${wayOut}`, { cause });
}
