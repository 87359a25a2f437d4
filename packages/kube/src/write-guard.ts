/** The right to write, which may end at any moment. */
export interface WriteGuard {
  /** Aborts when the right ends, and with it every write that is under way. Aborted while there is none. */
  readonly signal: AbortSignal;
  /** Asked at the last moment before a write is sent. Throws `KubeError` `not_leader`; synchronous, so that nothing comes in between. */
  check(): void;
}
