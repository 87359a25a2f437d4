import { type Clock, KubeError, type KubeErrorCode } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import { OperatorError } from './errors.ts';

/** So often an outage that goes on is told of again. */
const REMIND_MS = 600_000;
const API_SERVER = 'the API server';
/** Not the fault of what was asked for: whoever asks anything fails now. */
const SERVER_CODES: ReadonlySet<KubeErrorCode> = new Set(['network', 'timeout', 'unavailable', 'too_many_requests']);

interface Outage {
  readonly failing: Set<string>;
  failures: number;
  toldAt: number;
}

/**
 * Logs that something fails when it begins to, and that it works again, however often it is tried in between. What fails because the
 * API server does is one outage, whether that is felt by one watch or by a thousand policies.
 */
export class Outages {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #outages = new Map<string, Outage>();
  /** By what fails: whose outage it takes for the cause. */
  readonly #causes = new Map<string, string>();

  constructor({ log, clock }: { readonly log: Logger; readonly clock: Clock }) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `what` failed, and will be tried again. */
  failed(what: string, err: unknown): void {
    const cause = isOfServer(err) ? API_SERVER : what;
    if (this.#causes.get(what) !== cause) this.ended(what);
    this.#causes.set(what, cause);
    const now = this.#clock.monotonic();
    const outage = this.#outages.get(cause) ?? { failing: new Set(), failures: 0, toldAt: Number.NEGATIVE_INFINITY };
    this.#outages.set(cause, outage);
    outage.failing.add(what);
    outage.failures += 1;
    if (now - outage.toldAt < REMIND_MS) return;
    outage.toldAt = now;
    const level = err instanceof KubeError || err instanceof OperatorError || isOfServer(err) ? 'warn' : 'error';
    this.#log[level]({ what, err, failures: outage.failures }, `${cause} fails, will be tried again`);
  }

  /** `what` works, or is no longer wanted. */
  ended(what: string): void {
    const cause = this.#causes.get(what);
    const outage = cause === undefined ? undefined : this.#outages.get(cause);
    this.#causes.delete(what);
    if (cause === undefined || !outage?.failing.delete(what) || outage.failing.size > 0) return;
    this.#outages.delete(cause);
    this.#log.info({ failures: outage.failures }, `${cause} works again`);
  }
}

function isOfServer(error: unknown): boolean {
  // Of several errors the first is what went wrong, and the others came of telling it.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof KubeError && SERVER_CODES.has(first.code);
}
