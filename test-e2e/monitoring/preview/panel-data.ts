import { ask, askOver, type Found, type Span } from '../ask.ts';
import type { Prometheus } from '../prometheus.ts';
import { askable } from '../queries.ts';

/** As much of a panel as is drawn; see Grafana's JSON model of a dashboard. */
export interface GrafanaPanel {
  readonly type: 'row' | 'timeseries' | 'stat' | 'bargauge';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string; readonly instant: boolean }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit: string; readonly thresholds?: Thresholds } };
}

/** From which value on which colour is shown; the first has none and is the least. */
export interface Thresholds {
  readonly steps: readonly { readonly color: string; readonly value: number | null }[];
}

export interface Line {
  readonly name: string;
  readonly points: Found['points'];
}

/** What Prometheus answers to the queries of a panel. */
export async function linesOf(
  prometheus: Pick<Prometheus, 'url'>,
  { targets = [] }: GrafanaPanel,
  span: Span,
): Promise<Line[]> {
  const answers = await Promise.all(
    targets.map(async ({ expr, legendFormat, instant }) => {
      const query = askable(expr);
      const found = await (instant ? ask(prometheus, query, span.end) : askOver(prometheus, query, span));
      return found.map(({ labels, points }) => ({
        name: named(legendFormat, labels),
        points: points.filter(isNumber),
      }));
    }),
  );
  return answers.flat().filter(({ points }) => points.length > 0);
}

const isNumber = ([, value]: readonly [number, number]): boolean => Number.isFinite(value);

function named(legend: string, labels: Found['labels']): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}
