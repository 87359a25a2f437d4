import type { Dashboard, Panel, Query, Row, Thresholds } from './panel.ts';

/** Grafana's own width of a page. */
const COLUMNS = 24;
const HEIGHT = { timeseries: 8, stat: 4, bars: 8 } as const;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;
/** What Grafana 11 writes; later versions read and convert it. */
const SCHEMA_VERSION = 39;

/** A dashboard as Grafana imports it. @returns plain JSON data */
export function grafanaDashboard(dashboard: Dashboard): Readonly<Record<string, unknown>> {
  const { uid, title, description, byNamespace = false, rows } = dashboard;
  return {
    ...{ uid, title, description, schemaVersion: SCHEMA_VERSION, editable: true, graphTooltip: 1 },
    tags: ['sekisho'],
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    templating: { list: [datasourceVariable, ...(byNamespace ? [namespaceVariable] : [])] },
    panels: panelsOf(rows),
  };
}

const datasourceVariable = { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };

const namespaceVariable = {
  ...{ name: 'namespace', label: 'Namespace', type: 'query', datasource: DATASOURCE },
  query: { query: 'label_values(namespace_workload:sekisho_requests:rate5m, namespace)', refId: 'namespace' },
  ...{ refresh: 2, multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' } },
};

function panelsOf(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] });
    y += 1;
    const w = Math.floor(COLUMNS / inRow.length);
    const h = Math.max(...inRow.map(({ kind }) => HEIGHT[kind]));
    for (const [index, panel] of inRow.entries()) {
      panels.push({ id: panels.length + 1, ...drawn(panel), gridPos: { x: index * w, y, w, h } });
    }
    y += h;
  }
  return panels;
}

function drawn(panel: Panel): object {
  const { title, description, unit, thresholds } = panel;
  const shared = { title, description, datasource: DATASOURCE, targets: panel.queries.map(target(panel.kind)) };
  const defaults = { unit, min: 0, ...(thresholds && { thresholds: steps(thresholds) }) };
  const now = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } };
  switch (panel.kind) {
    case 'timeseries':
      return {
        ...{ ...shared, type: 'timeseries' },
        fieldConfig: { defaults: { ...defaults, custom: lines(panel.stacked ?? false, thresholds) }, overrides: [] },
        options: { tooltip: { mode: 'multi', sort: 'desc' }, legend: { displayMode: 'list', placement: 'bottom' } },
      };
    case 'stat':
      return {
        ...{ ...shared, type: 'stat' },
        fieldConfig: { defaults, overrides: [] },
        options: { ...now, colorMode: thresholds ? 'value' : 'none', graphMode: 'area', textMode: 'value_and_name' },
      };
    case 'bars':
      return {
        ...{ ...shared, type: 'bargauge' },
        fieldConfig: { defaults, overrides: [] },
        options: { ...now, orientation: 'horizontal', displayMode: 'basic' },
      };
  }
}

/** Bars and numbers are of now: of a range Prometheus would send a thousand points to show one. */
function target(kind: Panel['kind']): (query: Query, index: number) => object {
  const instant = kind === 'bars';
  return ({ expr, legend }, index) => ({
    ...{ refId: String.fromCharCode('A'.charCodeAt(0) + index), datasource: DATASOURCE },
    ...{ expr, legendFormat: legend, instant, range: !instant },
  });
}

function lines(stacked: boolean, thresholds: Thresholds | undefined): object {
  return {
    ...{ drawStyle: 'line', lineWidth: 1, fillOpacity: stacked ? 30 : 0, showPoints: 'never' },
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: thresholds ? 'dashed' : 'off' },
  };
}

function steps({ warning, critical }: Thresholds): object {
  return {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      ...(warning === undefined ? [] : [{ color: 'orange', value: warning }]),
      { color: 'red', value: critical },
    ],
  };
}
