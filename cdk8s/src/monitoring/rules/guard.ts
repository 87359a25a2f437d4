import type { RuleGroup } from './rule.ts';

const UNAVAILABLE = 'sum(rate(guard_decisions_total{code="unavailable"}[5m])) / sum(rate(guard_decisions_total[5m]))';
const OVER = 'sum(increase(guard_decisions_total{code="session_expired"}[10m]))';

/** The guard: what Envoy asks about each request at the edge. */
export const guardRules: RuleGroup = {
  subject: 'guard',
  records: [],
  alerts: [
    {
      alert: 'SekishoGuardDown',
      // By what it tells of itself, so under whatever job it is scraped.
      expr: 'absent(sekisho_build_info{part="guard"})',
      for: '2m',
      severity: 'critical',
      summary: 'No replica of the guard is there',
      description: 'Every request that asks the guard is refused with 503, on public paths of a Gateway too.',
    },
    {
      alert: 'SekishoGuardUnavailable',
      expr: `${UNAVAILABLE} > 0.01`,
      for: '2m',
      severity: 'critical',
      summary: 'The guard refuses requests because it lacks what it decides by',
      description:
        '{{ $value | humanizePercentage }} of its answers are 503: revocations, sessions or keys are not known well enough.',
    },
    {
      alert: 'SekishoGuardSlow',
      // Envoy gives up after 250 ms (istio/mesh-config.yaml).
      expr: 'histogram_quantile(0.99, sum by (le) (rate(guard_decision_seconds_bucket[5m]))) > 0.05',
      for: '10m',
      severity: 'warning',
      summary: 'The guard answers slowly',
      description: 'One answer in a hundred takes {{ $value | humanizeDuration }} or longer; after 250 ms it is a 503.',
    },
    {
      alert: 'SekishoGuardKeysStale',
      expr: 'max(guard_keys_age_seconds) > 3600',
      for: '5m',
      severity: 'warning',
      summary: 'A replica of the guard has not heard of its keys for an hour',
      description:
        'It signs with what it last knew, and stops after a day: then nothing passes the edge that needs a token.',
    },
    {
      alert: 'SekishoGuardNextKeyMissing',
      expr: 'min(guard_signing_key_held{state="next"}) == 0',
      for: '1h',
      severity: 'warning',
      summary: 'A replica of the guard cannot sign with the next key',
      description: 'When that key takes its turn, or has to because the other one leaked, this replica signs nothing.',
    },
    {
      alert: 'SekishoSessionTouchesFailing',
      expr: 'sum(rate(guard_session_touch_failures_total[5m])) > 0',
      for: '15m',
      severity: 'warning',
      summary: 'The use of sessions cannot be noted',
      description: 'Sessions that are in use end as if nobody used them, seven days after they were last noted.',
    },
    {
      alert: 'SekishoSessionsDropping',
      expr: `${OVER} > 50 and ${OVER} / sum(increase(guard_decisions_total[10m])) > 0.2`,
      for: '5m',
      severity: 'critical',
      summary: 'Many people are told that their session is over',
      description:
        '{{ $value | humanize }} requests within ten minutes: were sessions lost in Redis, or ended by somebody?',
    },
  ],
};
