/** Of the time, at most about so much goes into counting. */
const SHARE = 0.05;

/** How long changes gather before they are counted. Counting looks at every policy, so the more there are the longer it waits. */
export class CountingPace {
  readonly #leastMs: number;
  #tookMs = 0;

  constructor(leastMs: number) {
    this.#leastMs = leastMs;
  }

  /** Tells how long the last count took. */
  count(milliseconds: number): void {
    this.#tookMs = milliseconds;
  }

  get delayMs(): number {
    return Math.max(this.#leastMs, this.#tookMs / SHARE);
  }
}
