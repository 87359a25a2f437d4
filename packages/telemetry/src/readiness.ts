/** Resolves when the dependency works, rejects when not. The signal aborts when the time is over. */
export type Check = (signal: AbortSignal) => Promise<unknown>;
export type Checks = Readonly<Record<string, Check>>;

export interface Readiness {
  readonly status: 'ready' | 'unavailable';
  /** Names of the checks that failed or did not answer in time, as declared. */
  readonly failing: readonly string[];
}

/**
 * Runs every check at once and gives each the same time. Never rejects; why a check failed is told to
 * `onFailure` (a log), not to whoever may read the endpoint.
 */
export async function readiness(
  checks: Checks,
  timeoutMs: number,
  onFailure?: (name: string, error: unknown) => void,
): Promise<Readiness> {
  const signal = AbortSignal.timeout(timeoutMs);
  const outcomes = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await Promise.race([check(signal), aborted(signal)]);
        return undefined;
      } catch (error) {
        onFailure?.(name, error);
        return name;
      }
    }),
  );
  const failing = outcomes.filter((name) => name !== undefined);
  return { status: failing.length === 0 ? 'ready' : 'unavailable', failing };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
