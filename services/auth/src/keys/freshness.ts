import { type Clock, longestSince, type Moment } from '@sekisho/kube';
import { AuthError } from '../errors.ts';

/** When the keys were read, and of what. */
export interface Reading {
  /** Before the database was asked. */
  readonly at: Moment;
  /** Of a replica: milliseconds since what it shows was written, infinite if it does not know. Absent: of the primary. */
  readonly behindMs?: number | undefined;
}

export interface FreshnessOptions {
  /** How old it may be; see KeyTiming. */
  readonly staleMs: number;
  /** How long a replica alone may be gone by. @default 0 */
  readonly cutOffMs?: number;
}

/** How old what was read of the database is, and whether it may still be gone by. */
export class Freshness {
  readonly #clock: Clock;
  readonly #options: FreshnessOptions;
  #readAt: Moment | undefined;
  /** When the primary was read, or when it wrote what a replica showed to a process that never read it. */
  #primary: { readonly at: Moment; readonly behindMs: number } | undefined;

  constructor(clock: Clock, options: FreshnessOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Milliseconds since the database was last read; infinite before that. */
  get ageMs(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : longestSince(this.#readAt, this.#clock);
  }

  /** The same of the primary. */
  get primaryAgeMs(): number {
    if (this.#primary === undefined) return Number.POSITIVE_INFINITY;
    return longestSince(this.#primary.at, this.#clock) + this.#primary.behindMs;
  }

  renew({ at, behindMs }: Reading): void {
    this.#readAt = at;
    if (behindMs === undefined) this.#primary = { at, behindMs: 0 };
    else this.#primary ??= { at, behindMs };
  }

  /** @throws AuthError `unavailable` */
  assert(): void {
    const { staleMs, cutOffMs = 0 } = this.#options;
    if (this.ageMs <= staleMs && this.primaryAgeMs <= Math.max(staleMs, cutOffMs)) return;
    throw new AuthError('unavailable', 'the signing keys were not read for too long', { retryAfter: 1 });
  }
}
