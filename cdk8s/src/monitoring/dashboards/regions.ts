import type { Dashboard } from './panel.ts';

/** For who runs several regions: do they hear each other, and does what happens in one reach the others. */
export const regionsDashboard: Dashboard = {
  uid: 'sekisho-regions',
  title: 'Sekisho / Regions',
  description: 'What this region knows of the others, and they of it.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          kind: 'stat',
          title: 'Behind other regions',
          description: 'Seconds since all that a region revoked was known here. After 900 tokens are refused.',
          unit: 's',
          queries: [{ expr: 'max by (region) (region_behind_seconds)', legend: '{{region}}' }],
          thresholds: { warning: 10, critical: 60 },
        },
        {
          kind: 'stat',
          title: 'Given up',
          description: '1 for a region that nobody waits for any more.',
          unit: 'none',
          queries: [{ expr: 'max by (region) (region_lost)', legend: '{{region}}' }],
          thresholds: { critical: 1 },
        },
        {
          kind: 'stat',
          title: 'Sessions to be told of',
          description:
            'With changes that the global store does not have yet. Each waits once, however often it is used.',
          unit: 'short',
          queries: [{ expr: 'max(session_sync_waiting)', legend: 'waiting' }],
        },
      ],
    },
    {
      title: 'Revocations',
      panels: [
        {
          kind: 'timeseries',
          title: 'Until a revocation of another region holds here',
          description: '99th percentile, by the region that it was made in.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le, region) (rate(region_revocation_propagation_seconds_bucket[$__rate_interval])))',
              legend: '{{region}}',
            },
          ],
          thresholds: { warning: 1, critical: 5 },
        },
        {
          kind: 'timeseries',
          title: 'Behind other regions, by process',
          description: 'One that stands out has lost a store, and not the region.',
          unit: 's',
          queries: [
            { expr: 'max by (instance, region) (region_behind_seconds)', legend: '{{instance}} of {{region}}' },
          ],
        },
      ],
    },
    {
      title: 'Sessions',
      panels: [
        {
          kind: 'timeseries',
          title: 'Age of the oldest change that was not sent',
          description: 'Below a second on a line that is well.',
          unit: 's',
          queries: [{ expr: 'max(session_sync_lag_seconds)', legend: 'lag' }],
          thresholds: { warning: 1, critical: 10 },
        },
        {
          kind: 'timeseries',
          title: 'Changes sent',
          description: 'By what became of them; those that failed are sent again.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: 'sum by (result) (rate(session_sync_pushes_total[$__rate_interval]))',
              legend: '{{result}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Where sessions were found',
          description: 'Each `global` one crossed the line once; `nowhere` is one that is over, or of nobody.',
          unit: 'ops',
          stacked: true,
          queries: [{ expr: 'sum by (where) (rate(session_lookups_total[$__rate_interval]))', legend: '{{where}}' }],
        },
      ],
    },
  ],
};
