/** Resolves after so many milliseconds; rejects when the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface RetryPlan {
  /** Whether the request may be sent again at all. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  readonly remaining: () => number;
  readonly wait: Wait;
  readonly clock: () => Date;
}

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 50;

/**
 * Sends again what cannot have had an effect that a second time would double: a repeatable request whose connection failed,
 * or that was answered 503 with `Retry-After`, while the deadline leaves the time. Any other 503 is Envoy's or the service's
 * last word: Envoy has tried again by itself where that was safe.
 */
export async function retrying(send: () => Promise<Response>, plan: RetryPlan): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const again = plan.repeatable && attempt < ATTEMPTS;
    const outcome = await attempted(send);
    const pause = again ? pauseAfter(outcome, attempt, plan) : undefined;
    if (pause === undefined || pause >= plan.remaining()) {
      if ('error' in outcome) throw outcome.error;
      return outcome.response;
    }
    if ('response' in outcome) await outcome.response.body?.cancel();
    await plan.wait(pause, plan.signal);
  }
}

type Outcome = { readonly response: Response } | { readonly error: unknown };

async function attempted(send: () => Promise<Response>): Promise<Outcome> {
  try {
    return { response: await send() };
  } catch (error) {
    return { error };
  }
}

/** @returns milliseconds, or undefined for an outcome that is to be taken as it is */
function pauseAfter(outcome: Outcome, attempt: number, { signal, clock }: RetryPlan): number | undefined {
  if ('response' in outcome) return outcome.response.status === 503 ? retryAfter(outcome.response, clock) : undefined;
  return !signal.aborted && isConnectionError(outcome.error) ? FIRST_PAUSE_MS * 2 ** (attempt - 1) : undefined;
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter({ headers }: Response, clock: () => Date): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock().getTime());
}

/** `fetch` tells a failed connection as a TypeError with a cause, and a wrong argument as one without. */
function isConnectionError(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined;
}
