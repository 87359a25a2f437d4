import { type Clock, pause } from './clock.ts';

export interface RateLimit {
  /** Tokens that come per second. */
  readonly perSecond: number;
  /** Tokens that gather while none is taken. */
  readonly burst: number;
}

/** Lets `burst` pass at once and `perSecond` after that, in the order of asking. */
export class TokenBucket {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** Below zero: so many wait. */
  #tokens: number;
  #countedAt: number;

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#tokens = limit.burst;
    this.#countedAt = clock.monotonic();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Waits for a token; returns early, and gives the token back, when `signal` aborts. */
  async take(signal: AbortSignal): Promise<void> {
    this.#refill();
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    await pause(this.#clock, (-this.#tokens / this.#limit.perSecond) * 1_000, signal);
    if (signal.aborted) this.#tokens += 1;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#countedAt) / 1_000) * this.#limit.perSecond;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + gained);
    this.#countedAt = now;
  }
}
