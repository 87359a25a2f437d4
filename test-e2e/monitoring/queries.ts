/** The queries of a dashboard as Grafana imports it. */
export function queriesOf(dashboard: Readonly<Record<string, unknown>>): readonly string[] {
  const { panels = [] } = dashboard as { panels?: readonly { targets?: readonly { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** A query with what Grafana fills in: a range of a minute, and all namespaces. */
export function askable(query: string): string {
  return query.replaceAll('$__rate_interval', '1m').replaceAll('$namespace', '.*');
}
