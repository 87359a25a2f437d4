import type { Exposed } from './exposition.ts';

/** Every installation tells others. */
const UNBOUNDED = new Set(['version', 'region']);

export interface Section {
  readonly title: string;
  readonly metrics: readonly Exposed[];
}

const HEADER = `# Metrics
What each part reports on \`/metrics\`: every name, label and value. For engineers who write queries, alerts or dashboards. What is scraped where, the alerts and the dashboards are in [monitoring.md](monitoring.md).

- The end-to-end suite compares this page with the running processes.
- Label values are bounded by declaration. A value that is not declared is reported as \`other\`. No label is ever a user, a token, a path or a policy.
- A counter exists, at zero, before its first event.
- Every part also reports on its process and on Node (\`process_...\`, \`nodejs_...\`): memory, CPU, event loop, garbage collection. With tracing on, it also reports \`trace_spans_total\` by \`result\`.
- With several regions, the auth service and the guard also report the metrics of the last section. Only the auth service has \`session_sync_...\`.
`;

/** docs/metrics.md. */
export function metricsPage(sections: readonly Section[]): string {
  return [HEADER, ...sections.map(section)].join('\n');
}

function section({ title, metrics }: Section): string {
  const rows = metrics.toSorted((a, b) => a.name.localeCompare(b.name)).map(row);
  return [`## ${title}`, '| Metric | Type | Labels | |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function row({ name, type, help, labels }: Exposed): string {
  const told = Object.entries(labels).map(([label, values]) =>
    UNBOUNDED.has(label) ? `\`${label}\`` : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(' ')}`,
  );
  return `| \`${name}\` | ${type} | ${told.join('; ')} | ${help} |`;
}
