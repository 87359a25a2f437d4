import type { AlertingRule } from './rule.ts';

/** Of every process that reads revocations: the guard and the auth service. */
export const revocationAlerts: readonly AlertingRule[] = [
  {
    alert: 'SekishoRevocationsStale',
    // After REVOCATION_MAX_STALENESS_SECONDS (60) tokens are refused.
    expr: 'max(revocation_staleness_seconds) > 5',
    for: '1m',
    severity: 'critical',
    summary: 'A process learns of no revocation',
    description:
      'For {{ $value | humanizeDuration }} it has not heard of Redis: who is revoked now is not refused there, and after a minute everybody is.',
  },
  {
    alert: 'SekishoRevocationsSlow',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(revocation_propagation_seconds_bucket[10m]))) > 0.5',
    for: '5m',
    severity: 'warning',
    summary: 'Revocations take effect late',
    description: 'One in a hundred is in force only {{ $value | humanizeDuration }} after it was made.',
  },
  {
    alert: 'SekishoRevocationsReloaded',
    expr: 'sum(increase(revocation_reloads_total{reason="gap"}[15m])) > 0',
    for: '0m',
    severity: 'warning',
    summary: 'Redis lost revocations',
    description:
      'It was flushed, or failed over and lost something. Readers put revocations back; sessions that are gone stay gone.',
  },
  {
    alert: 'SekishoRevocationsOwed',
    expr: 'max(auth_revocations_owed) > 0',
    for: '5m',
    severity: 'critical',
    summary: 'A change of an account is not followed by its revocation',
    description:
      '{{ $value }} users, grants or clients were changed, and tokens that say otherwise are still accepted.',
  },
];
