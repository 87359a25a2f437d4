import type { PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import type { Actor } from '../audit/audit.ts';
import type { KeyState, LiveKey } from './rotation.ts';

/** A published key with its private half, sealed. */
export interface StoredKey extends LiveKey {
  readonly sealed: Uint8Array;
  /** Of a signer that is another process. Of a key of this service it is known from the private half alone. */
  readonly publicJwk?: PublicJwk | undefined;
}

export interface NewKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly sealed: Uint8Array;
  readonly publicJwk?: PublicJwk | undefined;
  /** Life of the longest-living token that it will sign. */
  readonly longestTokenMs: number;
}

/** A key as its administrators see it, with when it came into each state. */
export interface KeyHistory {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  readonly createdAt: Date;
  readonly activatedAt?: Date;
  readonly retiringAt?: Date;
  readonly retiredAt?: Date;
  /** When it was reported as known to somebody else. */
  readonly compromisedAt?: Date;
}

/**
 * Signing keys of one signer, wherever they are kept, shared by all replicas. Each change is made whole or not at all
 * and only while its condition holds, whatever other replicas do meanwhile; it tells whether it was made. Methods reject
 * with AuthError `unavailable`.
 */
export interface KeyStore {
  /** The keys that are published, oldest first, and the time at which they were so, in milliseconds. */
  read(): Promise<{ readonly now: number; readonly keys: readonly StoredKey[] }>;
  /** Adds the key that signs, unless there is one. */
  start(key: NewKey): Promise<boolean>;
  /** Adds the key that is to sign next, unless there is one or `active` signs no longer. */
  prepare(key: NewKey, active: string): Promise<boolean>;
  /**
   * Notes that the next key is to take the place of the one that signs; once that was noted, nothing.
   * @param by who wishes it, for the audit log
   */
  requestRotation(by?: Actor): Promise<boolean>;
  /** Takes the next key out of the set again, and erases its private half. */
  discard(kid: string): Promise<boolean>;
  /** Lets the next key sign, and the other one retire; not if either has left its state, or another key signs. */
  promote(kid: string, replaces: string | undefined): Promise<boolean>;
  /** Erases the private half of a retiring key. */
  retire(kid: string): Promise<boolean>;
  /** Notes that keys which sign, or will, may sign tokens that live so long. */
  lengthen(longestTokenMs: number): Promise<boolean>;
  /** Replaces the sealed form of a key, if it still is the given one. */
  reseal(kid: string, from: Uint8Array, to: Uint8Array): Promise<boolean>;
  /** Retires a key at once, whatever its state. False: there is none of this name. */
  compromise(kid: string, by?: Actor): Promise<boolean>;
  /** Names of compromised keys that `markRevoked` was not told of since. */
  unrevoked(): Promise<readonly string[]>;
  markRevoked(kid: string): Promise<boolean>;
  /** Every published key and the latest retired ones, newest first, `limit` in all. */
  history(limit: number): Promise<readonly KeyHistory[]>;
}
