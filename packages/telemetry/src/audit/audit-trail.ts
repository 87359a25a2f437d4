import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { createEventLimit } from './event-limit.ts';

/** Who did something or tried to, by ids alone. */
export interface AuditActor {
  readonly user?: string | undefined;
  readonly session?: string | undefined;
  /** OAuth client. */
  readonly client?: string | undefined;
  /** `system:serviceaccount:<namespace>:<name>`. */
  readonly workload?: string | undefined;
}

const AUDIT_OUTCOMES = ['success', 'denied', 'failure'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What somebody should be able to look up later. Never a token, a cookie, a password, a header or a query. */
export interface AuditEvent<A extends string> {
  readonly action: A;
  readonly outcome: AuditOutcome;
  /** Why not: a stable code. */
  readonly code?: string | undefined;
  readonly actor?: AuditActor | undefined;
  /** The service that was asked for, or what it was done to. */
  readonly target?: string | undefined;
  /** `namespace/name`, and the rule that came nearest. */
  readonly policy?: string | undefined;
  readonly rule?: string | undefined;
  /** What else tells of it, such as method and route. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** By what an event is found again in logs and traces. */
export interface AuditContext {
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
}

export interface AuditTrail<A extends string> {
  /** @param context @default that within which this runs */
  tell(event: AuditEvent<A>, context?: AuditContext): void;
  /** Runs work whose events belong to a request. */
  within<R>(context: AuditContext, work: () => R): R;
}

export interface AuditOptions<A extends string> {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** All there are: they label a metric. */
  readonly actions: readonly A[];
  /** Milliseconds that only ever grow. @default the process' */
  readonly monotonic?: () => number;
}

/**
 * The security audit log of a process: lines of its log with `stream: audit`, written whatever its level. What succeeds is always told. Of what
 * does not, a flood of the same kind is told in part: the next line says how many were left out, and a counter all of them.
 */
export function createAuditTrail<const A extends string>(options: AuditOptions<A>): AuditTrail<A> {
  const { log, metrics, actions, monotonic = () => performance.now() } = options;
  const events = metrics.counter({
    name: 'audit_events_total',
    help: 'Events of the security audit log, by whether they were written or left out in a flood',
    labels: { action: actions, result: ['written', 'left_out'] },
  });
  const limit = createEventLimit({ monotonic });
  const lines = auditLines(log);
  const active = new AsyncLocalStorage<AuditContext>();
  return {
    tell(event, context = active.getStore() ?? {}) {
      const { action, outcome, code } = event;
      const taken = outcome === 'success' ? TAKEN : limit.take(`${action} ${code}`);
      events.inc({ action, result: taken.taken ? 'written' : 'left_out' });
      if (!taken.taken) return;
      const leftOut = taken.leftOut > 0 ? { leftOut: taken.leftOut } : {};
      lines.info({ ...event, ...context, ...leftOut }, 'audit');
    },
    within: (context, work) => active.run(context, work),
  };
}

const TAKEN = { taken: true, leftOut: 0 } as const;

/** A log that is silenced altogether stays so. */
function auditLines(log: Logger): Logger {
  const level = log.level === 'silent' ? 'silent' : 'info';
  return log.child({ stream: 'audit' }, { level });
}
