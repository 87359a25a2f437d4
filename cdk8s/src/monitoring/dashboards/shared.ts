import type { TimeSeries, Unit } from './panel.ts';

/** Policies of which a condition is False. Every replica of the operator tells the same. */
export function notTrue(condition: string): string {
  return `max(sekisho_policies{condition="${condition}",status="False"})`;
}

/** @param expr a metric that every process has: shown for those of Sekisho */
export function ofProcess(title: string, description: string, unit: Unit, expr: string): TimeSeries {
  const named = `${expr} * on (job, instance) group_left (part) sekisho_build_info`;
  return { kind: 'timeseries', title, description, unit, queries: [{ expr: named, legend: '{{part}} {{instance}}' }] };
}

export const guardAnswers: TimeSeries = {
  kind: 'timeseries',
  title: 'Answers of the guard',
  description: 'Requests a second by what was answered. `unavailable` is no fault of who asked.',
  unit: 'reqps',
  stacked: true,
  queries: [{ expr: 'sum by (code) (rate(guard_decisions_total[$__rate_interval])) > 0', legend: '{{code}}' }],
};

export const guardSpeed: TimeSeries = {
  kind: 'timeseries',
  title: 'Time to an answer of the guard',
  description: 'Envoy gives up after 250 ms, and refuses the request.',
  unit: 's',
  queries: [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(guard_decision_seconds_bucket[$__rate_interval])))`,
    legend: `${quantile * 100} %`,
  })),
  thresholds: { critical: 0.05 },
};

export const staleness: TimeSeries = {
  kind: 'timeseries',
  title: 'Since when revocations are not known',
  description: 'Seconds since each process last knew of all of them. After a minute tokens are refused.',
  unit: 's',
  queries: [{ expr: 'max by (job, instance) (revocation_staleness_seconds)', legend: '{{job}} {{instance}}' }],
  thresholds: { critical: 5 },
};

export const revocationsHeld: TimeSeries = {
  kind: 'timeseries',
  title: 'Revocations in force',
  description: 'By which each process refuses tokens. All should tell the same.',
  unit: 'none',
  queries: [{ expr: 'max by (job, instance) (revocations)', legend: '{{job}} {{instance}}' }],
};

export const logIns: TimeSeries = {
  kind: 'timeseries',
  title: 'Log-ins',
  description: 'Tries a second: by a password, a refresh token or a cookie, and what came of them.',
  unit: 'ops',
  stacked: true,
  queries: [
    {
      expr: 'sum by (method, result) (rate(auth_attempts_total[$__rate_interval])) > 0',
      legend: '{{method}} {{result}}',
    },
  ],
};
