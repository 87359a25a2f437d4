import type { Clock } from './clock.ts';

export interface PacingBounds {
  /** The pause after the first turn; it doubles with each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** A key that had no turn for so long starts anew; above `maxMs`. */
  readonly quietMs: number;
}

interface Pace {
  readonly turns: number;
  readonly at: number;
  readonly notBefore: number;
}

/** Spaces out turns of one key that follow each other quickly. The first comes at once; memory is of busy keys only. */
export class Pacer {
  readonly #bounds: PacingBounds;
  readonly #clock: Clock;
  /** The longest without a turn first. */
  readonly #paces = new Map<string, Pace>();

  constructor(bounds: PacingBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Tells of a turn. */
  count(key: string): void {
    const now = this.#clock.monotonic();
    this.#forgetQuiet(now);
    const turns = (this.#paces.get(key)?.turns ?? 0) + 1;
    const pause = Math.min(this.#bounds.baseMs * 2 ** Math.min(turns - 1, 30), this.#bounds.maxMs);
    this.#paces.delete(key);
    this.#paces.set(key, { turns, at: now, notBefore: now + pause });
  }

  /** Milliseconds until the next turn of the key; 0 when it may come now. */
  waitMs(key: string): number {
    return Math.max(0, (this.#paces.get(key)?.notBefore ?? 0) - this.#clock.monotonic());
  }

  #forgetQuiet(now: number): void {
    for (const [key, { at }] of this.#paces) {
      if (now - at < this.#bounds.quietMs) return;
      this.#paces.delete(key);
    }
  }
}
