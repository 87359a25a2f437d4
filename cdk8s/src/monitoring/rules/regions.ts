import type { RuleGroup } from './rule.ts';

const SLOW = 'histogram_quantile(0.99, sum by (le, region) (rate(region_revocation_propagation_seconds_bucket[10m])))';

/** What one region learns of the others, and what it tells them; nothing of it is there with one region. */
export const regionRules: RuleGroup = {
  subject: 'regions',
  records: [],
  alerts: [
    {
      alert: 'SekishoRegionBehind',
      // After REGION_MAX_STALENESS_SECONDS (900) tokens are refused.
      expr: 'max by (region) (region_behind_seconds) > 60 unless on (region) max by (region) (region_lost) == 1',
      for: '1m',
      severity: 'critical',
      summary: 'Another region is not heard of',
      description:
        'For {{ $value | humanizeDuration }} nothing is known of what {{ $labels.region }} revoked. After a quarter of an hour policies decide by whenUnavailable.',
    },
    {
      alert: 'SekishoRegionLost',
      expr: 'max by (region) (region_lost) == 1',
      for: '0m',
      severity: 'warning',
      summary: 'A region is given up',
      description: 'Nobody waits for {{ $labels.region }} until an administrator takes it back.',
    },
    {
      alert: 'SekishoRegionRevocationsSlow',
      expr: `${SLOW} > 5`,
      for: '10m',
      severity: 'warning',
      summary: 'Revocations of another region take effect late',
      description:
        'One in a hundred of {{ $labels.region }} is in force here only {{ $value | humanizeDuration }} after it was made.',
    },
    {
      alert: 'SekishoSessionSyncLate',
      expr: 'max(session_sync_lag_seconds) > 10',
      for: '5m',
      severity: 'warning',
      summary: 'What sessions do here reaches no other region',
      description:
        'The oldest change waits for {{ $value | humanizeDuration }}. Sessions that began meanwhile are known here alone.',
    },
    {
      alert: 'SekishoSessionSyncGrowing',
      expr: 'min_over_time(max(deriv(session_sync_waiting[15m]))[15m:1m]) > 0 and max(session_sync_waiting) > 1000',
      for: '15m',
      severity: 'warning',
      summary: 'More and more changes of sessions wait for the other regions',
      description: '{{ $value | humanize }} more each second, for half an hour: more changes than are sent.',
    },
  ],
};
