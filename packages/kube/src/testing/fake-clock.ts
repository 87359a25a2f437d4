import type { Clock } from '../clock.ts';

/** What a timer of Node.js takes; of more, and of Infinity, it makes 1 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number;
  /** How far someone moved the wall clock. */
  #step = 0;
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#step;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets the wall clock forward or back, as NTP or a person does. */
  step(ms: number): void {
    this.#step += ms;
  }

  /** Lets time pass without running a timer, as for a process that is frozen. */
  freeze(ms: number): void {
    this.#now += ms;
  }

  after(ms: number, task: () => void): () => void {
    if (!(ms <= LONGEST_MS)) throw new RangeError(`no timer runs for ${ms} ms`);
    const timer = { at: this.#now + ms, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set, as the milliseconds until each. */
  get pending(): readonly number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Moves time, running what falls due in order, and lets everything that follows from it settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.task();
      await settle();
    }
    this.#now = end;
  }

  #next(end: number): { readonly at: number; readonly task: () => void } | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** Lets promises that are already resolvable run on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
