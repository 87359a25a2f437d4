import { REQUESTS } from '../rules/proxies.ts';
import type { Dashboard } from './panel.ts';
import { guardAnswers, logIns, revocationsHeld, staleness } from './shared.ts';

/** For who asks: does somebody try to get in, and is who is out really out. */
export const securityDashboard: Dashboard = {
  uid: 'sekisho-security',
  title: 'Sekisho / Security',
  description: 'Log-ins, refusals, revocations and keys, for who looks after security.',
  rows: [
    {
      title: 'Log-ins',
      panels: [
        {
          kind: 'stat',
          title: 'Log-ins that fail',
          description:
            'Part of the tries of the last five minutes. Above a half, with more than ten tries, it is an alert.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum(increase(auth_attempts_total{result="failure"}[5m])) / sum(increase(auth_attempts_total[5m]))',
              legend: 'fail',
            },
          ],
          thresholds: { warning: 0.25, critical: 0.5 },
        },
        logIns,
        {
          kind: 'bars',
          title: 'Why log-ins fail',
          description: 'Within the last hour. Clients are told less.',
          unit: 'short',
          queries: [{ expr: 'sum by (reason) (increase(auth_failures_total[1h]))', legend: '{{reason}}' }],
        },
      ],
    },
    {
      title: 'Refusals',
      panels: [
        guardAnswers,
        {
          kind: 'timeseries',
          title: 'Refused by proxies',
          description: 'Requests a second: `token` by jwt_authn, `policy` by RBAC, `guard` by ext_authz.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (namespace, workload, by) (${REQUESTS}{decision!="allow"}) > 0`,
              legend: '{{namespace}}/{{workload}} {{by}}',
            },
          ],
        },
        {
          kind: 'bars',
          title: 'Worth to know of',
          description:
            'Within the last day: devices that changed, refresh tokens that were used twice, people who were logged out.',
          unit: 'short',
          queries: [
            { expr: 'sum by (kind) (increase(security_events_total[1d]))', legend: '{{kind}}' },
            { expr: 'sum(increase(guard_decisions_total{code="csrf_refused"}[1d]))', legend: 'csrf_refused' },
          ],
        },
      ],
    },
    {
      title: 'Sessions and revocations',
      panels: [
        {
          kind: 'timeseries',
          title: 'Sessions',
          description: 'That begin, and that end before their time, a second.',
          unit: 'ops',
          queries: [
            { expr: 'sum(rate(session_creations_total[$__rate_interval]))', legend: 'begin' },
            {
              expr: 'sum by (reason) (rate(session_destructions_total[$__rate_interval])) > 0',
              legend: 'end: {{reason}}',
            },
          ],
        },
        staleness,
        {
          kind: 'timeseries',
          title: 'Until a revocation is in force',
          description: 'From Redis to the process that refuses by it.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le, job) (rate(revocation_propagation_seconds_bucket[$__rate_interval])))',
              legend: '99 % {{job}}',
            },
          ],
          thresholds: { critical: 0.5 },
        },
        revocationsHeld,
      ],
    },
    {
      title: 'Signing keys',
      panels: [
        {
          kind: 'timeseries',
          title: 'Age of the keys that sign',
          description: 'And for how long one may sign.',
          unit: 's',
          queries: [
            { expr: 'max by (signer) (signing_key_age_seconds{state="active"})', legend: '{{signer}}' },
            { expr: 'max(signing_key_period_seconds)', legend: 'period' },
          ],
        },
        {
          kind: 'stat',
          title: 'Keys that cannot take their turn',
          description: 'Reasons for which a next key does not sign although it should.',
          unit: 'none',
          queries: [{ expr: 'sum by (signer) (signing_key_waiting{reason!="publishing"})', legend: '{{signer}}' }],
          thresholds: { critical: 1 },
        },
        {
          kind: 'bars',
          title: 'Keys by what became of them',
          description: 'Within the last 30 days.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (signer, state) (increase(signing_key_transitions_total[30d]))',
              legend: '{{signer}} {{state}}',
            },
          ],
        },
      ],
    },
  ],
};
