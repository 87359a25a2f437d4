import { type Clock, longestSince, type Moment } from '@sekisho/kube';
import { AuthError } from '../errors.ts';

/** How old what was read of the database is, and whether it may still be gone by. */
export class Freshness {
  readonly #clock: Clock;
  readonly #staleMs: number;
  #readAt: Moment | undefined;

  /** @param staleMs how old it may be; see KeyTiming */
  constructor(clock: Clock, staleMs: number) {
    this.#clock = clock;
    this.#staleMs = staleMs;
  }

  /** Milliseconds since the database was last read; infinite before that. */
  get ageMs(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : longestSince(this.#readAt, this.#clock);
  }

  /** @param readAt before the database was asked */
  renew(readAt: Moment): void {
    this.#readAt = readAt;
  }

  /** @throws AuthError `unavailable` */
  assert(): void {
    if (this.ageMs <= this.#staleMs) return;
    throw new AuthError('unavailable', 'the signing keys were not read for too long', { retryAfter: 1 });
  }
}
