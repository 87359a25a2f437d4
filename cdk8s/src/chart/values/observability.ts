import Type from 'typebox';
import { COLLECTOR_URL, SAMPLERS } from '../../traces.ts';
import { destination, group, labels, text } from './words.ts';

export const traces = group('Where the spans of operator, auth service and guard go.', {
  endpoint: text(
    'Base URL of a collector that takes OTLP over HTTP, for example `http://opentelemetry-collector.observability:4318`. Empty: nothing is traced.',
    { ...COLLECTOR_URL, pattern: `^$|${COLLECTOR_URL.pattern}` },
  ),
  sampler: text('Of traces that begin in these processes. `parentbased_always_off`: proxies begin them.', {
    pattern: `^(${SAMPLERS.join('|')})$`,
  }),
  collector: destination('The pods or hosts behind the endpoint.'),
});

export const monitoring = group('What Prometheus and Grafana read. Needs the definitions of the Prometheus operator.', {
  enabled: Type.Boolean({
    description: 'Whether there are PodMonitors and a PrometheusRule. Needs `monitoring.coreos.com/v1`, 0.79 or later.',
  }),
  labels: labels('By which Prometheus chooses monitors and rules, for example `release: prometheus`.', [
    'helm.sh/chart',
    ...['name', 'instance', 'version', 'managed-by', 'component'].map((key) => `app.kubernetes.io/${key}`),
  ]),
  interval: text('Between two looks at a pod.', { pattern: '^[1-9][0-9]*(ms|s|m)$' }),
  runbooks: text('Where pages of docs/runbooks are read: alerts link there.', {
    pattern: '^https?://[^\\s"\'\\\\?#]+$',
    maxLength: 512,
  }),
  proxies: Type.Boolean({
    description: 'Whether all proxies are scraped. False where they are, with the labels `namespace` and `workload`.',
  }),
  dashboards: Type.Boolean({
    description: 'Whether there are ConfigMaps with dashboards, which the sidecar of Grafana finds.',
  }),
});
