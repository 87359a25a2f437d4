import type { Jwks, SigningKey } from '@sekisho/tokens';

/**
 * The guard's signing keys, and what it verifies with, as the auth service last told them: read a member for each use, and
 * keep none. While the auth service is away everything stays as it was, until the key may have been retired.
 */
export interface KeySource {
  /**
   * What narrow tokens are signed with now; undefined before there is one, and when the auth service was not reached for
   * so long that verifiers may hold it no more. Then nothing can be exchanged: `unavailable`.
   */
  signingKey(): SigningKey | undefined;
  /**
   * What access tokens are verified with before they are exchanged: keys of the auth service alone, so that a narrow
   * token, or whatever else a key of the guard signed, is exchanged for nothing. Another object only if it holds other keys.
   */
  readonly accessJwks: Jwks;
  /**
   * The guard's own, of every region: beside `accessJwks`, as `narrowJwks` of a verifier, where narrow tokens are to be accepted, as at a
   * hop. Another object only if it holds other keys.
   */
  readonly narrowJwks: Jwks;
  /** Both, for a cache of what was verified with both. Another object only if it holds other keys. */
  readonly jwks: Jwks;
  /**
   * Whether there is a key to sign with, and keys to verify with, however long ago they were told: when the auth service was away for so long
   * that nothing is signed any more, no other replica is better off, and what needs no token goes on.
   */
  readonly ready: boolean;
  /** Milliseconds since the auth service last answered; infinite before that. */
  readonly ageMs: number;
}

/** Looks after itself from `start` to `stop`. */
export interface KeySourceProcess extends KeySource {
  /** Asks the auth service now, and then again and again. Never rejects: what fails is told to log and metrics. */
  start(): void;
  /** Asks at once, for example because a revocation names the key in use. Resolves when that is done, also if it failed. */
  refresh(): Promise<void>;
  /** Resolves when no request is in flight any more. */
  stop(): Promise<void>;
}
