import { REQUESTS } from '../rules/proxies.ts';
import type { Dashboard } from './panel.ts';

const MINE = '{namespace=~"$namespace"}';
const mine = (labels: string) => `${REQUESTS}{namespace=~"$namespace",${labels}}`;

/** For who runs services behind policies: who is refused, and by what. */
export const serviceTeamDashboard: Dashboard = {
  uid: 'sekisho-service-team',
  title: 'Sekisho / Services',
  description: 'What the policies of your services let through and refuse, for the teams that run them.',
  byNamespace: true,
  rows: [
    {
      title: 'Now',
      panels: [
        {
          kind: 'stat',
          title: 'Let through',
          description: 'Part of the requests, by workload.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (namespace, workload) (${mine('decision="allow"')}) / (sum by (namespace, workload) (${REQUESTS}${MINE}) > 0)`,
              legend: '{{namespace}}/{{workload}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Requests',
      panels: [
        {
          kind: 'timeseries',
          title: 'Let through',
          description: 'Requests a second that token and policy allow.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (namespace, workload) (${mine('decision="allow"')})`,
              legend: '{{namespace}}/{{workload}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Refused',
          description: 'Requests a second: by `token` (401), by `policy` (403, `RBAC: access denied`), by the `guard`.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (namespace, workload, by) (${mine('decision!="allow"')}) > 0`,
              legend: '{{namespace}}/{{workload}} by {{by}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Why, where the guard is asked',
      panels: [
        {
          kind: 'bars',
          title: 'Refusals by the guard',
          description: 'Of all services, within the last hour. Its log names the policy and the rule of each.',
          unit: 'short',
          queries: [
            { expr: 'sum by (code) (increase(guard_decisions_total{decision="deny"}[1h])) > 0', legend: '{{code}}' },
          ],
        },
        {
          kind: 'bars',
          title: 'Policies not as written',
          description: 'Of all namespaces: `kubectl get serviceauthpolicies` tells which, and why.',
          unit: 'none',
          queries: [
            {
              expr: 'max by (condition) (sekisho_policies{condition=~"Accepted|Programmed|Enforced",status="False"})',
              legend: 'not {{condition}}',
            },
          ],
          thresholds: { critical: 1 },
        },
      ],
    },
  ],
};
