import { type OnSecurityEvent, SECURITY_EVENT_KINDS } from '@sekisho/sessions';
import type { Logger, Metrics } from '@sekisho/telemetry';

/** A line in the log, with ids alone, and a count. */
export function tellSecurityEvents(log: Logger, metrics: Metrics): OnSecurityEvent {
  const events = metrics.counter({
    name: 'security_events_total',
    help: 'Events that somebody should know of',
    labels: { kind: SECURITY_EVENT_KINDS },
  });
  return (event) => {
    events.inc({ kind: event.kind });
    log.warn({ event }, 'security event');
  };
}
