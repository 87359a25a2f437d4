import { type OnSecurityEvent, SECURITY_EVENT_KINDS } from '@sekisho/sessions';
import type { Metrics } from '@sekisho/telemetry';
import { type AuthAuditTrail, auditedSecurityEvents } from '../audit/trail.ts';

/** A line in the audit log, with ids alone, and a count. */
export function tellSecurityEvents(audit: AuthAuditTrail, metrics: Metrics): OnSecurityEvent {
  const events = metrics.counter({
    name: 'security_events_total',
    help: 'Events that somebody should know of',
    labels: { kind: SECURITY_EVENT_KINDS },
  });
  const tell = auditedSecurityEvents(audit);
  return (event) => {
    events.inc({ kind: event.kind });
    tell(event);
  };
}
