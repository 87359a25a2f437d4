import type { Exposed } from './exposition.ts';

/** Every installation tells others. */
const UNBOUNDED = new Set(['version', 'region']);

export interface Section {
  readonly title: string;
  readonly metrics: readonly Exposed[];
}

const HEADER = `# Metrics
What each part tells on \`/metrics\`, as its running process does: the end-to-end suite compares this page with it. Labels are bounded by declaration: what is not
declared is told as \`other\`, and no label is ever a user, a token, a path or a policy. A counter is there, at zero, before the first event. What is scraped where,
which alerts there are and which dashboards: [monitoring.md](monitoring.md).

Every part tells of its process and of Node beside (\`process_...\`, \`nodejs_...\`): memory, CPU, event loop, garbage collection; and where it traces, \`trace_spans_total\` by \`result\`.
Where there are several regions, the auth service and the guard tell what stands at the end, too; \`session_sync_...\` the auth service alone.
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
