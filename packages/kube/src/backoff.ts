import type { Random } from './clock.ts';

/** Bounds of an exponential back-off, in milliseconds. */
export interface BackoffBounds {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * The pause before try number `failures + 1`: doubles from `baseMs` up to `maxMs`, of which the upper half is random so
 * that many clients that failed together do not come back together.
 */
export function backoffMs(failures: number, bounds: BackoffBounds, random: Random): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  const full = Math.min(bounds.baseMs * 2 ** exponent, bounds.maxMs);
  return full / 2 + (full / 2) * random();
}
