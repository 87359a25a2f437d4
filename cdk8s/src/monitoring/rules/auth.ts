import { keyAlerts } from './keys.ts';
import { revocationAlerts } from './revocations.ts';
import type { RuleGroup } from './rule.ts';

const FAILED = 'sum(increase(auth_attempts_total{result="failure"}[5m]))';
const TRIED = 'sum(increase(auth_attempts_total[5m]))';

/** The auth service: log-ins, sessions, keys and revocations. */
export const authRules: RuleGroup = {
  subject: 'auth',
  records: [],
  alerts: [
    {
      alert: 'SekishoAuthDown',
      expr: 'absent(sekisho_build_info{part="auth"})',
      for: '2m',
      severity: 'critical',
      summary: 'No replica of the auth service is there',
      description: 'Nobody logs in or refreshes a token. Tokens that are out go on until they end.',
    },
    {
      alert: 'SekishoAuthFailureRatioHigh',
      expr: `${FAILED} / ${TRIED} > 0.5 and ${TRIED} > 10`,
      for: '0m',
      severity: 'critical',
      summary: 'Most log-ins fail',
      description:
        '{{ $value | humanizePercentage }} of the log-ins of five minutes failed: a fault of ours, or somebody guesses passwords.',
    },
    {
      alert: 'SekishoLoginsBroken',
      expr: 'sum(increase(auth_failures_total{reason=~"unavailable|error"}[5m])) > 5',
      for: '1m',
      severity: 'critical',
      summary: 'Log-ins fail for no fault of their users',
      description: '{{ $value | humanize }} within five minutes: the database, Redis or the service itself.',
    },
    {
      alert: 'SekishoLoginRateLimitStorm',
      expr: 'sum(increase(auth_failures_total{reason="rate_limited"}[10m])) > 100',
      for: '0m',
      severity: 'warning',
      summary: 'Many log-ins are refused as too many',
      description:
        '{{ $value | humanize }} within ten minutes: somebody tries passwords, or an office behind one address is held up.',
    },
    {
      alert: 'SekishoRefreshTokenReplayed',
      expr: 'sum(increase(security_events_total{kind="refresh_replayed"}[1h])) > 3',
      for: '0m',
      severity: 'warning',
      summary: 'Refresh tokens are used twice',
      description:
        '{{ $value | humanize }} times within an hour: tokens were stolen, or an application keeps them badly. Those sessions were ended.',
    },
    {
      alert: 'SekishoLogoutNoticesWaiting',
      expr: 'min(min_over_time(backchannel_logouts_waiting[15m])) > 100',
      for: '15m',
      severity: 'warning',
      summary: 'Applications are not told that sessions ended',
      description:
        '{{ $value }} notices wait: an application does not answer its back-channel log-out. Its users stay logged in there.',
    },
    {
      alert: 'SekishoLogoutNoticesLost',
      expr: 'sum(increase(backchannel_logouts_total{result=~"given_up|no_room"}[1h])) > 0',
      for: '0m',
      severity: 'warning',
      summary: 'An application will never be told that a session ended',
      description: '{{ $value | humanize }} notices within an hour were given up after a day, or found no room.',
    },
    ...revocationAlerts,
    ...keyAlerts,
  ],
};
