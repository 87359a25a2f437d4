import { describe, expect, test } from 'vitest';
import type { Manifest } from './kubernetes.ts';
import { DASHBOARDS, REGION_DASHBOARDS, RULE_GROUPS } from './monitoring/index.ts';
import { type MonitoringOptions, renderMonitoring } from './monitoring.ts';
import { renderPlatform } from './platform.ts';

const issuer = 'https://auth.example';
const guarded = renderPlatform({ issuer, edge: {} });
const render = (options?: MonitoringOptions) => renderMonitoring(guarded, options);
const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((one) => one.kind === kind);

interface PodMonitor {
  readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly podMetricsEndpoints: readonly { readonly portNumber?: number; readonly path: string }[];
}

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly { readonly readinessProbe: { readonly httpGet: { port: number } } }[];
  };
}

describe('a PodMonitor of a part', () => {
  const monitors = ofKind(render(), 'PodMonitor').filter(({ metadata }) => metadata.name !== 'sekisho-proxies');
  const templates = ofKind(guarded.manifests, 'Deployment').map(
    ({ spec }) => (spec as { readonly template: Template }).template,
  );

  test('is there for each', () => {
    expect(monitors.map(({ metadata }) => metadata.name)).toEqual([
      'sekisho-operator',
      'sekisho-auth',
      'sekisho-guard',
    ]);
  });

  test.each(monitors)('$metadata.name asks the pods that there are, where their probes do', ({ spec }) => {
    const { selector, podMetricsEndpoints } = spec as PodMonitor;
    const wanted = Object.entries(selector.matchLabels ?? {});
    const chosen = templates.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value));
    expect(wanted.length).toBeGreaterThan(0);
    expect(chosen).toHaveLength(1);
    const probed = chosen.flatMap((pod) =>
      pod.spec.containers.map(({ readinessProbe }) => readinessProbe.httpGet.port),
    );
    expect(podMetricsEndpoints.map(({ portNumber }) => portNumber)).toEqual(probed);
  });
});

function alertsOf(manifests: readonly Manifest[]): readonly string[] {
  const groups = ofKind(manifests, 'PrometheusRule').flatMap(
    ({ spec }) => (spec as { groups: readonly { rules: readonly { alert?: string }[] }[] }).groups,
  );
  return groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
}

test('a guarded platform has every alert, one without a guard none about it', () => {
  const alone = RULE_GROUPS.filter(({ subject }) => subject !== 'regions');
  expect(alertsOf(render())).toEqual(alone.flatMap(({ alerts }) => alerts.map(({ alert }) => alert)));
  const alerts = alertsOf(renderMonitoring(renderPlatform({ issuer })));
  expect(alerts).toContain('SekishoAuthDown');
  expect(alerts).not.toContain('SekishoGuardDown');
});

test('one of several regions has alerts and a dashboard of them as well', () => {
  const region = { name: 'eu', all: ['us', 'eu'] };
  const watched = renderMonitoring(renderPlatform({ issuer, edge: {}, region }));
  expect(alertsOf(watched)).toEqual(RULE_GROUPS.flatMap(({ alerts }) => alerts.map(({ alert }) => alert)));
  const names = (manifests: readonly Manifest[]) => ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata.name);
  expect(names(watched)).toEqual([...names(render()), 'sekisho-dashboard-regions']);
});

test('Prometheus finds rules and monitors by the labels that it is told to look for', () => {
  const found = render({ labels: { release: 'prometheus' } }).filter(
    ({ metadata }) => metadata.labels?.['release'] === 'prometheus',
  );
  expect(found.map(({ kind }) => kind)).toEqual([
    ...['PodMonitor', 'PodMonitor', 'PodMonitor', 'PodMonitor'],
    'PrometheusRule',
  ]);
});

test('alerts link to where the runbooks are read', () => {
  const text = JSON.stringify(render({ runbooks: 'https://wiki.example/runbooks/' }));
  expect(text).toContain('"runbook_url":"https://wiki.example/runbooks/SekishoGuardDown.md"');
});

test('proxies that are scraped already are not scraped twice', () => {
  const manifests = render({ proxies: false });
  expect(ofKind(manifests, 'PodMonitor').map(({ metadata }) => metadata.name)).not.toContain('sekisho-proxies');
  expect(alertsOf(manifests)).toContain('SekishoGuardUnanswered');
});

test('each dashboard is a ConfigMap that Grafana finds, or none is', () => {
  const maps = ofKind(render(), 'ConfigMap');
  expect(maps.map(({ metadata }) => metadata.labels)).toEqual(
    Object.keys(DASHBOARDS).map(() => ({ grafana_dashboard: '1' })),
  );
  const parsed = maps.map(({ data }) => Object.values(data as Record<string, string>).map((text) => JSON.parse(text)));
  expect(parsed.flat()).toEqual(Object.values(DASHBOARDS));
  expect(ofKind(render({ dashboards: false }), 'ConfigMap')).toEqual([]);
});

test.each(Object.entries({ ...DASHBOARDS, ...REGION_DASHBOARDS }))(
  'panels of %s neither overlap nor leave the page, and each has a query',
  (_, { panels }) => {
    const drawn = panels as readonly {
      readonly id: number;
      readonly type: string;
      readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
      readonly targets?: readonly unknown[];
    }[];
    const cells = drawn.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_cell, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(drawn.every(({ gridPos: { x, w } }) => x >= 0 && x + w <= 24)).toBe(true);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(drawn.length);
    expect(drawn.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)).toEqual([]);
  },
);
