/** Nothing of this thread runs for so many milliseconds, as on a machine that is paused: what falls due meanwhile does so at once. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
