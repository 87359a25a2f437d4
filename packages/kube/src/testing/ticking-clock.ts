import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { FakeClock } from './fake-clock.ts';

const TICK_MS = 5;

/**
 * A clock that goes on by itself, a tick for each few turns of the event loop: for a process that stood still no time has passed. So
 * nothing times out there that has its answer already and only did not come to read it.
 */
export class TickingClock implements Clock {
  readonly #clock = new FakeClock(Date.now());
  readonly #ended: Promise<void>;
  #stopped = false;

  constructor() {
    this.#ended = this.#tick();
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, task: () => void): () => void {
    return this.#clock.after(ms, task);
  }

  /** No timer runs after it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #tick(): Promise<void> {
    while (!this.#stopped) {
      await delay(TICK_MS);
      await this.#clock.advance(TICK_MS);
    }
  }
}
