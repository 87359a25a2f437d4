import type { Dashboard } from './panel.ts';
import { guardAnswers, guardSpeed, logIns, notTrue, ofProcess, revocationsHeld, staleness } from './shared.ts';

/** For who runs Sekisho: is it well, and if not, which part of it. */
export const platformDashboard: Dashboard = {
  uid: 'sekisho-platform',
  title: 'Sekisho / Platform',
  description: 'Whether the parts of Sekisho are well, for who runs them.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          kind: 'stat',
          title: 'Replicas',
          description: 'How many processes of each part are scraped.',
          unit: 'none',
          queries: [{ expr: 'count by (part) (sekisho_build_info)', legend: '{{part}}' }],
        },
        {
          kind: 'stat',
          title: 'Policies not as written',
          description: 'Refused, not written into the mesh, or not held by every proxy.',
          unit: 'none',
          queries: ['Accepted', 'Programmed', 'Enforced'].map((condition) => ({
            expr: notTrue(condition),
            legend: `not ${condition}`,
          })),
          thresholds: { critical: 1 },
        },
        {
          kind: 'stat',
          title: 'Leaders of the operator',
          description: 'One replica writes; the others stand by.',
          unit: 'none',
          queries: [{ expr: 'sum(sekisho_leader)', legend: 'leaders' }],
        },
        {
          kind: 'stat',
          title: 'Guard unavailable',
          description: 'Part of its answers that are 503, because something it decides by is not known.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum(rate(guard_decisions_total{code="unavailable"}[$__rate_interval])) / sum(rate(guard_decisions_total[$__rate_interval]))',
              legend: 'unavailable',
            },
          ],
          thresholds: { critical: 0.01 },
        },
      ],
    },
    { title: 'Guard', panels: [guardAnswers, guardSpeed] },
    {
      title: 'What the guard and the auth service know',
      panels: [
        staleness,
        revocationsHeld,
        {
          kind: 'timeseries',
          title: 'Sessions and tokens held by the guard',
          description: 'In memory; each replica holds its own.',
          unit: 'none',
          queries: [
            { expr: 'sum by (instance) (guard_sessions)', legend: 'sessions {{instance}}' },
            { expr: 'sum by (instance) (guard_browser_tokens)', legend: 'tokens of browsers {{instance}}' },
          ],
        },
      ],
    },
    {
      title: 'Operator',
      panels: [
        {
          kind: 'timeseries',
          title: 'Reconciles',
          description: 'Of policies, by what they came to. Failed ones are tried again.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: 'sum by (result) (rate(sekisho_reconcile_total[$__rate_interval]))',
              legend: '{{result}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'How long a change waits and takes',
          description: '99th percentile of the time in the queue of policies, and of one reconcile with its writes.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(sekisho_queue_wait_seconds_bucket{queue="policies"}[$__rate_interval])))',
              legend: 'waits',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(sekisho_reconcile_seconds_bucket[$__rate_interval])))',
              legend: 'takes',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Ages',
          description: 'Of the oldest fetched key set, and of the policy that waits longest to be seen at its proxies.',
          unit: 's',
          queries: [
            { expr: 'max(sekisho_jwks_age_seconds)', legend: 'key set' },
            { expr: 'max(sekisho_enforcement_age_seconds)', legend: 'waits for proxies' },
          ],
        },
      ],
    },
    {
      title: 'Auth service',
      panels: [
        logIns,
        {
          kind: 'timeseries',
          title: 'Tokens issued',
          description: 'By kind; narrow ones by the guard, the others by the auth service.',
          unit: 'ops',
          stacked: true,
          queries: [{ expr: 'sum by (kind) (rate(tokens_issued_total[$__rate_interval]))', legend: '{{kind}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Owed',
          description: 'Revocations that changes owe, and applications that are still to be told that a session ended.',
          unit: 'none',
          queries: [
            { expr: 'max(auth_revocations_owed)', legend: 'revocations' },
            { expr: 'min(backchannel_logouts_waiting)', legend: 'log-out notices' },
          ],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        ofProcess('Memory', 'Resident memory of each process.', 'bytes', 'process_resident_memory_bytes'),
        ofProcess('CPU', 'Cores that each process uses.', 'short', 'rate(process_cpu_seconds_total[$__rate_interval])'),
        ofProcess(
          'Event loop',
          '99th percentile of how late its turns begin: above 50 ms Envoy waits too long for the guard.',
          's',
          'nodejs_eventloop_lag_p99_seconds',
        ),
      ],
    },
  ],
};
