import type { PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import type { Actor } from '../audit/audit.ts';
import type { KeyState, LiveKey } from './rotation.ts';

/** A published key with its private half, sealed. */
export interface StoredKey extends LiveKey {
  readonly sealed: Uint8Array;
  /** Absent of keys of this service that were made before it was stored: it is known from the private half. */
  readonly publicJwk?: PublicJwk | undefined;
  /** Of a key that waits to sign: what each region noted of it. */
  readonly holders: readonly KeyHolder[];
}

export interface KeyHolder {
  readonly region: string;
  /** When it first published the key, in milliseconds of the database's clock. */
  readonly since: number;
  /** Whether all of its verifiers hold it. */
  readonly holds: boolean;
}

/** What a region notes of a key that waits to sign: that it publishes it; that all of its verifiers hold it, or no longer do. */
export type HolderNote = 'publishes' | 'holds' | 'lacks';

/** What was read at one moment. */
export interface KeysRead {
  /** When it was so, in milliseconds of the database's clock. */
  readonly now: number;
  /** Read of a replica: milliseconds since what it shows was written, infinite if it does not know. Absent: of the primary. */
  readonly behindMs?: number | undefined;
  /** The published keys of this region, oldest first; those of no region come last. */
  readonly keys: readonly StoredKey[];
  /** Those of other regions. */
  readonly others: readonly StoredKey[];
  /** Whether a key of this region ever signed. */
  readonly hasSigned: boolean;
}

export interface NewKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly sealed: Uint8Array;
  readonly publicJwk: PublicJwk;
  /** Life of the longest-living token that it will sign. */
  readonly longestTokenMs: number;
}

/** A key as its administrators see it, with when it came into each state. */
export interface KeyHistory {
  readonly kid: string;
  /** Empty where there are no regions. */
  readonly region: string;
  readonly alg: SigningAlgorithm;
  readonly state: KeyState;
  /** Of a key that waits to sign: what each region noted of it. */
  readonly holders: readonly KeyHolder[];
  readonly createdAt: Date;
  readonly activatedAt?: Date;
  readonly retiringAt?: Date;
  readonly retiredAt?: Date;
  /** When it was reported as known to somebody else. */
  readonly compromisedAt?: Date;
}

/**
 * Signing keys of one signer as one region has to do with them, wherever they are kept, shared by all replicas. Each change is made
 * whole or not at all and only while its condition holds, whatever other replicas do meanwhile; it tells whether it was made. Of
 * another region's key only `compromise` changes the state. Methods reject with AuthError `unavailable`.
 */
export interface KeyStore {
  read(): Promise<KeysRead>;
  /** Adds the key that signs, unless there is one. */
  start(key: NewKey): Promise<boolean>;
  /** Adds the key that is to sign next, unless there is one or `active` signs no longer; undefined: if none signs. */
  prepare(key: NewKey, active: string | undefined): Promise<boolean>;
  /**
   * Notes that the next key is to take the place of the one that signs; once that was noted, nothing.
   * @param by who wishes it, for the audit log
   */
  requestRotation(by?: Actor): Promise<boolean>;
  /** Takes the next key out of the set again, and erases its private half. */
  discard(kid: string): Promise<boolean>;
  /** Lets the next key sign, and the other one retire; not if either has left its state, or another key signs. */
  promote(kid: string, replaces: string | undefined): Promise<boolean>;
  /** Lets a key that signs retire, although no other takes its place. */
  relieve(kid: string): Promise<boolean>;
  /** Erases the private half of a retiring key. */
  retire(kid: string): Promise<boolean>;
  /** Notes that keys which sign, or will, may sign tokens that live so long. */
  lengthen(longestTokenMs: number): Promise<boolean>;
  /** Replaces the sealed form of a key, if it still is the given one. */
  reseal(kid: string, from: Uint8Array, to: Uint8Array): Promise<boolean>;
  /** Stores the public half of a key beside its private one, if it is not there yet. */
  describe(publicJwk: PublicJwk): Promise<boolean>;
  /** Notes how far this region is with a key, of whatever region, that waits to sign. */
  note(kid: string, note: HolderNote): Promise<boolean>;
  /** Retires a key of any region at once, whatever its state. False: there is none of this name. */
  compromise(kid: string, by?: Actor): Promise<boolean>;
  /** Names of compromised keys, of any region, that `markRevoked` was not told of since. */
  unrevoked(): Promise<readonly string[]>;
  markRevoked(kid: string): Promise<boolean>;
  /** Every published key of every region and the latest retired ones, newest first, `limit` in all. */
  history(limit: number): Promise<readonly KeyHistory[]>;
}
