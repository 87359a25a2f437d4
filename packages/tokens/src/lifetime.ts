/** What Envoy allows and Istio cannot change; every verifier of the mesh agrees on it. */
export const CLOCK_SKEW_SECONDS = 60;

/**
 * How long tokens live, in seconds. The life of an access token is the deployment's choice; those derived from one,
 * or from a workload's identity, are cheap to get again.
 */
export const TOKEN_SECONDS = { narrow: 300, service: 300, delegated: 300 } as const;

/**
 * Epoch seconds at which a token ends: after its own life, or with the first of what it rests on.
 * @param ends epoch seconds; what is undefined bounds nothing
 */
export function expiry(now: number, seconds: number, ends: readonly (number | undefined)[]): number {
  return Math.min(now + seconds, ...ends.filter((end) => end !== undefined));
}
