import { type Clock, longestSince, type Moment } from '@sekisho/kube';
import { AuthError } from '../errors.ts';
import type { Heartbeat } from './heartbeat.ts';

export interface ReplicaAgeOptions {
  /** Milliseconds; what is older is not gone by. */
  readonly maxMs: number;
  readonly clock: Clock;
}

/** An answer of the primary. */
export interface Sighting {
  /** Before it was asked. */
  readonly at: Moment;
  /** Milliseconds by its own clock. */
  readonly now: number;
}

/** An answer of the replica. */
export interface Look {
  /** Before it was asked. */
  readonly at: Moment;
  /** Undefined of one that never received the row. */
  readonly shown: Heartbeat | undefined;
}

/**
 * How old what a replica shows may be: what was changed at the primary since then may be missing.
 *
 * The row was written by the primary's clock. Once this process saw the primary it knows that clock beside its own, so neither the
 * replica's clock nor this machine's matters, but for how fast they go. Before that the replica's and this machine's time of day have to
 * do: the later one counts, so both must be slow to make what is old look new.
 */
export class ReplicaAge {
  readonly #options: ReplicaAgeOptions;
  #primary: Sighting | undefined;
  #last: Look | undefined;
  #believed = 0;

  constructor(options: ReplicaAgeOptions) {
    this.#options = options;
  }

  /** Milliseconds, of what was shown last; infinite before that. */
  get ms(): number {
    return this.#last === undefined ? Number.POSITIVE_INFINITY : this.#ageOf(this.#last);
  }

  /** Grows with each statement that the replica is believed for. */
  get believed(): number {
    return this.#believed;
  }

  saw(primary: Sighting): void {
    this.#primary = primary;
  }

  shows(look: Look): void {
    this.#last = look;
  }

  /**
   * Of what was shown just now, before anything else is read there.
   * @throws AuthError `unavailable`
   */
  believe(look: Look): void {
    this.shows(look);
    if (this.#ageOf(look) <= this.#options.maxMs) {
      this.#believed += 1;
      return;
    }
    const detail = 'the database does not answer, and what its replica shows is too old to go by';
    throw new AuthError('unavailable', detail, { retryAfter: 1 });
  }

  #ageOf({ at, shown }: Look): number {
    if (shown === undefined) return Number.POSITIVE_INFINITY;
    const { clock } = this.#options;
    const { writtenAt, readAt } = shown;
    const age =
      this.#primary === undefined
        ? Math.max(readAt - writtenAt + longestSince(at, clock), clock.now() - writtenAt)
        : longestSince(this.#primary.at, clock) + this.#primary.now - writtenAt;
    return Math.max(age, 0);
  }
}
