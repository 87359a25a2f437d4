import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { type Labels, type Manifest, render } from './kubernetes.ts';
import { DASHBOARDS, REGION_DASHBOARDS } from './monitoring/dashboards/index.ts';
import { PROXY_METRICS, prometheusGroups, RUNBOOKS, type Subject } from './monitoring/rules/index.ts';
import type { Platform } from './platform.ts';
import type { WorkloadFacts } from './workload.ts';

export interface MonitoringOptions {
  /** By which Prometheus selects rules and monitors, for example `{ release: 'prometheus' }`. @default none */
  readonly labels?: Labels;
  /** As Prometheus writes durations. @default '30s' */
  readonly interval?: string;
  /** Base URL where the pages of docs/runbooks are read. @default RUNBOOKS */
  readonly runbooks?: string;
  /** Whether the counters of all proxies are scraped: not where they are already, with the labels `namespace` and `workload`. @default true */
  readonly proxies?: boolean;
  /** Whether dashboards are written, as ConfigMaps that Grafana's sidecar finds by the label `grafana_dashboard`. @default true */
  readonly dashboards?: boolean;
}

export interface MonitoringProps extends MonitoringOptions {
  readonly namespace: string;
  /** Whether it is one of several regions. @default false */
  readonly regional?: boolean;
  /** What runs, and the port of its pods where /metrics is. */
  readonly parts: readonly MonitoredPart[];
}

export interface MonitoredPart {
  readonly part: Exclude<Subject, 'proxies' | 'regions'>;
  readonly workload: Pick<WorkloadFacts, 'namespace' | 'labels'>;
  readonly port: number;
}

const API = 'monitoring.coreos.com/v1';

/** What the Prometheus operator and Grafana need: the CRDs of the former are installed before it. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { parts, regional = false, proxies = true, dashboards = true } = props;
    for (const part of parts) this.#addPartMonitor(part, props);
    if (proxies) this.#addProxyMonitor(props);
    const subjects = parts.map(({ part }) => part);
    this.#addRules([...subjects, 'proxies', ...(regional ? (['regions'] as const) : [])], props);
    if (dashboards) this.#addDashboards(props);
  }

  #addPartMonitor({ part, workload, port }: MonitoredPart, { interval = '30s', labels = {} }: MonitoringProps): void {
    new ApiObject(this, part, {
      ...{ apiVersion: API, kind: 'PodMonitor' },
      metadata: { name: `sekisho-${part}`, namespace: workload.namespace, labels: { ...labels } },
      spec: {
        selector: { matchLabels: { ...workload.labels } },
        podMetricsEndpoints: [
          {
            ...{ portNumber: port, path: '/metrics', interval },
            relabelings: [{ targetLabel: 'job', replacement: `sekisho-${part}` }],
          },
        ],
      },
    });
  }

  #addProxyMonitor({ namespace, interval = '30s', labels = {} }: MonitoringProps): void {
    new ApiObject(this, 'proxies', {
      ...{ apiVersion: API, kind: 'PodMonitor' },
      metadata: { name: 'sekisho-proxies', namespace, labels: { ...labels } },
      spec: {
        namespaceSelector: { any: true },
        selector: { matchExpressions: [{ key: 'service.istio.io/canonical-name', operator: 'Exists' }] },
        podMetricsEndpoints: [
          {
            // The name that istiod's templates give port 15090, which mTLS does not concern.
            ...{ port: 'http-envoy-prom', path: '/stats/prometheus', interval },
            relabelings: [
              { targetLabel: 'job', replacement: 'sekisho-proxies' },
              {
                sourceLabels: ['__meta_kubernetes_pod_label_service_istio_io_canonical_name'],
                targetLabel: 'workload',
              },
            ],
            metricRelabelings: [{ action: 'keep', sourceLabels: ['__name__'], regex: PROXY_METRICS }],
          },
        ],
      },
    });
  }

  #addRules(subjects: readonly Subject[], { namespace, labels = {}, runbooks = RUNBOOKS }: MonitoringProps): void {
    new ApiObject(this, 'rules', {
      ...{ apiVersion: API, kind: 'PrometheusRule' },
      metadata: { name: 'sekisho', namespace, labels: { ...labels } },
      spec: { groups: prometheusGroups(subjects, runbooks) },
    });
  }

  #addDashboards({ namespace, regional }: MonitoringProps): void {
    const dashboards = { ...DASHBOARDS, ...(regional && REGION_DASHBOARDS) };
    for (const [name, dashboard] of Object.entries(dashboards)) {
      new k8s.KubeConfigMap(this, `dashboard-${name}`, {
        metadata: { name: `sekisho-dashboard-${name}`, namespace, labels: { grafana_dashboard: '1' } },
        data: { [`sekisho-${name}.json`]: JSON.stringify(dashboard) },
      });
    }
  }
}

/** Where each part tells of itself. */
const OPS_PORT = { operator: 9090, auth: 8081, guard: 9090 } as const;

/** What watches a platform, as plain objects, to be applied after it. */
export function renderMonitoring(
  { operator, auth, edge, regional }: Pick<Platform, 'operator' | 'auth' | 'edge' | 'regional'>,
  options: MonitoringOptions = {},
): readonly Manifest[] {
  const workloads = { operator, auth, ...(edge && { guard: edge.guard }) };
  const parts = (['operator', 'auth', 'guard'] as const).flatMap((part) => {
    const workload = workloads[part];
    return workload ? [{ part, workload, port: OPS_PORT[part] }] : [];
  });
  return render((chart) => {
    new Monitoring(chart, 'monitoring', { ...options, namespace: operator.namespace, regional, parts });
    return {};
  }).manifests;
}
