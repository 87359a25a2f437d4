import { expect, test } from 'vitest';
import { exposedBy } from './exposition.ts';

test('a metric is told with its type, its help, and every value that a label takes', () => {
  const text = `# HELP tries_total Tries, by what came of them
# TYPE tries_total counter
tries_total{method="password",result="success"} 3
tries_total{method="cookie",result="success"} 0
`;
  expect(exposedBy(text)).toEqual([
    {
      name: 'tries_total',
      type: 'counter',
      help: 'Tries, by what came of them',
      labels: { method: ['password', 'cookie'], result: ['success'] },
    },
  ]);
});

test('of a histogram its own labels are told, and not its bounds', () => {
  const text = `# HELP took_seconds Time
# TYPE took_seconds histogram
took_seconds_bucket{le="0.1",queue="keys"} 0
took_seconds_bucket{le="+Inf",queue="keys"} 2
took_seconds_sum{queue="keys"} 0.5
took_seconds_count{queue="keys"} 2
`;
  expect(exposedBy(text)).toMatchObject([{ name: 'took_seconds', type: 'histogram', labels: { queue: ['keys'] } }]);
});

test('what every process on Node tells is left out, and what comes without help is not', () => {
  const text = `# HELP process_cpu_seconds_total CPU
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1
# TYPE envoy_http_rbac counter
envoy_http_rbac{http_conn_manager_prefix="inbound_0.0.0.0_8080"} 7
`;
  expect(exposedBy(text).map(({ name, help }) => [name, help])).toEqual([['envoy_http_rbac', '']]);
});
