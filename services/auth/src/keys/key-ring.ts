import { isDeepStrictEqual } from 'node:util';
import { type Clock, longestSince, type Moment } from '@sekisho/kube';
import { importSigningKey, type Jwks, type SigningKey, toJwks } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { type EncryptionKeys, openSealed } from './encryption-keys.ts';
import type { StoredKey } from './key-store.ts';

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

/** A key that a previous encryption key sealed, opened. */
export interface Outdated {
  readonly key: StoredKey;
  readonly plain: Buffer;
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
export class LiveKeyRing implements KeyRing {
  readonly #options: KeyRingOptions;
  #opened: ReadonlyMap<string, SigningKey> = new Map();
  #active: SigningKey | undefined;
  #jwks: Jwks = { keys: [] };
  #readAt: Moment | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  get active(): SigningKey {
    this.#assertFresh();
    if (this.#active === undefined) throw unavailable('there is no active signing key');
    return this.#active;
  }

  get published(): Jwks {
    this.#assertFresh();
    return this.#jwks;
  }

  get jwks(): Jwks {
    return this.#jwks;
  }

  /** Milliseconds since the database was last read; infinite before that. */
  get ageMs(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : longestSince(this.#readAt, this.#options.clock);
  }

  /**
   * Takes over what was read.
   * @param readAt before the database was asked
   * @returns of those read for the first time the ones that a previous encryption key sealed
   * @throws AuthError `key_unreadable`; the ring then stays as it was
   */
  async load(stored: readonly StoredKey[], readAt: Moment): Promise<readonly Outdated[]> {
    const outdated: Outdated[] = [];
    const opened = new Map<string, SigningKey>();
    for (const key of stored) {
      const known = this.#opened.get(key.kid) ?? (await this.#open(key, outdated));
      opened.set(key.kid, known);
    }
    if (!isDeepStrictEqual([...opened.keys()], [...this.#opened.keys()])) this.#jwks = toJwks([...opened.values()]);
    this.#opened = opened;
    this.#active = opened.get(stored.find(({ state }) => state === 'active')?.kid ?? '');
    this.#readAt = readAt;
    return outdated;
  }

  async #open(stored: StoredKey, outdated: Outdated[]): Promise<SigningKey> {
    const opened = openSealed(stored.sealed, stored.kid, this.#options.encryptionKeys);
    const key = await importSigningKey(opened.plain);
    if (key.kid !== stored.kid || key.publicJwk.alg !== stored.alg) {
      throw new AuthError('key_unreadable', 'a stored signing key is not the one that it is stored as');
    }
    if (opened.outdated) outdated.push({ key: stored, plain: opened.plain });
    return key;
  }

  #assertFresh(): void {
    if (this.ageMs > this.#options.staleMs) throw unavailable('the signing keys were not read for too long');
  }
}

function unavailable(message: string): AuthError {
  return new AuthError('unavailable', message, { retryAfter: 1 });
}
