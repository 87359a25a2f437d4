export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A trace in which a value was observed (https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars). */
interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Epoch seconds. */
  readonly at: number;
}

/** The last exemplar of each bucket, by its series as it is written. */
export class Exemplars {
  readonly #bySeries = new Map<string, Exemplar>();

  /** @param buckets upper bounds, ascending */
  keep(name: string, buckets: readonly number[], observed: Exemplar & { readonly labels: Labels }): void {
    const { labels, ...exemplar } = observed;
    const bound = buckets.find((bucket) => observed.value <= bucket);
    const pairs = { le: bound === undefined ? '+Inf' : String(bound), ...labels };
    const text = Object.entries(pairs).map(([label, value]) => `${label}="${value}"`);
    this.#bySeries.set(`${name}_bucket{${text.join(',')}}`, exemplar);
  }

  of(series: string): string {
    const exemplar = this.#bySeries.get(series);
    if (exemplar === undefined) return '';
    return ` # {trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.at}`;
  }
}

type Labels = Readonly<Record<string, string>>;

/** Of a counter alone: others keep their whole name, `nodejs_active_handles_total` for one. */
const COUNTER = /^# HELP (\S+)_total (.*)\n# TYPE \1_total counter$/gm;

/**
 * The same metrics in the format that has room for exemplars. Made of the other one: prom-client's own changes the names of its counters for
 * whoever asks in the other format afterwards.
 */
export function toOpenMetrics(text: string, exemplars: Exemplars): string {
  const named = text.replace(COUNTER, '# HELP $1 $2\n# TYPE $1 counter');
  const lines = named.split('\n').filter((line) => line !== '');
  const written = lines.map((line) => {
    if (line.startsWith('#')) return line;
    return `${line}${exemplars.of(line.slice(0, line.lastIndexOf(' ')))}`;
  });
  return `${written.join('\n')}\n# EOF\n`;
}
