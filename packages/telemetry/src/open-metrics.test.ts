import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { opsRoutes } from './ops-routes.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PROMETHEUS_ACCEPTS = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';

function scrapes() {
  const metrics = createMetrics({ processMetrics: false });
  const routes = opsRoutes({ metrics, log: createLogger({ name: 'test', level: 'silent' }) });
  const scrape = async (accept?: string) => routes.get('/metrics')?.({ accept });
  return { metrics, scrape };
}

test('a bucket shows the trace of its last observation to who can read it', async () => {
  const { metrics, scrape } = scrapes();
  const result = ['ok', 'failed'] as const;
  const seconds = metrics.histogram({ name: 'd_seconds', help: 'h', buckets: [0.1, 1], labels: { result } });
  seconds.observeTraced(0.5, TRACE, { result: 'ok' });
  seconds.observeTraced(0.05, undefined, { result: 'ok' });
  seconds.observeTraced(7, TRACE, { result: 'failed' });
  const answer = await scrape(PROMETHEUS_ACCEPTS);
  expect(answer?.contentType).toContain('application/openmetrics-text');
  expect(answer?.body).toMatch(
    new RegExp(`d_seconds_bucket\\{le="1",result="ok"\\} 2 # \\{trace_id="${TRACE}"\\} 0.5 \\d+(\\.\\d+)?\\n`),
  );
  expect(answer?.body).toMatch(/d_seconds_bucket\{le="0.1",result="ok"\} 1\n/);
  expect(answer?.body).toMatch(/d_seconds_bucket\{le="\+Inf",result="failed"\} 1 # \{/);
  expect(answer?.body.endsWith('\n# EOF\n')).toBe(true);
});

test('a counter is named as each format wants it, whoever asked before', async () => {
  const { metrics, scrape } = scrapes();
  metrics.counter({ name: 'c_total', help: 'h_total h' }).inc();
  for (const _ of [1, 2]) {
    expect((await scrape(PROMETHEUS_ACCEPTS))?.body).toBe('# HELP c h_total h\n# TYPE c counter\nc_total 1\n# EOF\n');
    const plain = await scrape();
    expect(plain?.contentType).toContain('text/plain');
    expect(plain?.body).toBe('# HELP c_total h_total h\n# TYPE c_total counter\nc_total 1\n');
  }
});

test('what is no counter keeps its name, also one that ends like a counter', async () => {
  const { metrics, scrape } = scrapes();
  metrics.gauge({ name: 'handles_total', help: 'h' }).set(2);
  expect((await scrape(PROMETHEUS_ACCEPTS))?.body).toBe(
    '# HELP handles_total h\n# TYPE handles_total gauge\nhandles_total 2\n# EOF\n',
  );
});
