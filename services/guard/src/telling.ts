import type { SecurityEvent } from '@sekisho/sessions';
import {
  type AuditContext,
  type AuditTrail,
  createAuditTrail,
  type Logger,
  type Metrics,
  parseTraceparent,
} from '@sekisho/telemetry';
import type { Answer } from './answer.ts';
import type { PlacedRequest } from './http/request.ts';

const MAX_PATH = 256;
/** RFC 1035 section 2.3.4: a longer name is none. */
const MAX_HOST = 255;
const MAX_ID = 64;

const ACTIONS = ['request', 'device_changed'] as const;
export type GuardAuditTrail = AuditTrail<(typeof ACTIONS)[number]>;

export function openAuditTrail(log: Logger, metrics: Metrics): GuardAuditTrail {
  return createAuditTrail({ log, metrics, actions: ACTIONS });
}

/** Each denial: who, what, by which policy, and why. No header, no query, no token. */
export function tellDenials(audit: GuardAuditTrail) {
  return (question: PlacedRequest | undefined, answer: Answer): void => {
    if (answer.allowed) return;
    const { status, code, detail, note, policy, rule, asker: actor } = answer;
    const details = { status, detail, note, ...(question && whatOf(question)) };
    audit.tell({ action: 'request', outcome: 'denied', code, actor, policy, rule, details }, contextOf(question));
  };
}

function whatOf({ place, request: { method, host, path } }: PlacedRequest) {
  return { place, method, host: host.slice(0, MAX_HOST), path: path.slice(0, MAX_PATH) };
}

function contextOf(question: PlacedRequest | undefined): AuditContext {
  if (question === undefined) return {};
  const { header } = question.request;
  const trace = parseTraceparent(header('traceparent'));
  return { requestId: header('x-request-id')?.slice(0, MAX_ID), traceId: trace?.traceId };
}

/** What this process finds out about sessions: that their device changed. */
export function tellSecurityEvent(audit: GuardAuditTrail) {
  return (event: SecurityEvent): void => {
    if (event.kind !== 'device_changed') return;
    const { userId: user, sessionId: session, changed, policy } = event;
    const outcome = policy === 'log' ? 'failure' : 'denied';
    audit.tell({ action: event.kind, outcome, actor: { user, session }, details: { changed, policy } });
  };
}

/** Tells that something fails when it begins to, and that it works again, however often it is tried in between. */
export function tellOutages(log: Logger) {
  const failing = new Set<string>();
  return {
    failed(what: string, err: unknown): void {
      if (failing.has(what)) return;
      failing.add(what);
      log.warn({ what, err }, 'fails, will be tried again');
    },
    works(what: string): void {
      if (failing.delete(what)) log.info({ what }, 'works again');
    },
  };
}
