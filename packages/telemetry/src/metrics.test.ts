import { describe, expect, test } from 'vitest';
import { TelemetryError } from './errors.ts';
import { createMetrics } from './metrics.ts';

const results = ['success', 'failure'] as const;

/** What a request could bring: the type says `success`, the value is not. */
const foreign = JSON.parse('"user-42"') as 'success';

describe('createMetrics', () => {
  test('shows every declared series at zero before the first event', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const attempts = metrics.counter({
      name: 'attempts_total',
      help: 'h',
      labels: { method: ['password'], result: results },
    });
    attempts.inc({ method: 'password', result: 'success' });
    const text = await metrics.render();
    expect(text).toContain('attempts_total{method="password",result="success"} 1');
    expect(text).toContain('attempts_total{method="password",result="failure"} 0');
  });

  test('counts a series that is held as it counts by labels', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const counter = metrics.counter({ name: 'c_total', help: 'h', labels: { result: results } });
    const [held, same] = [counter.series({ result: 'success' }), counter.series({ result: 'success' })];
    for (const series of [held, same, held]) series.inc();
    counter.inc({ result: 'success' });
    expect(await metrics.render()).toContain('c_total{result="success"} 4');
    held.inc();
    expect(await metrics.renderOpen()).toContain('c_total{result="success"} 5');
    expect(await metrics.render()).toContain('c_total{result="success"} 5');
  });

  test('holds a series to the declared label values', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics
      .counter({ name: 'c_total', help: 'h', labels: { result: results } })
      .series({ result: foreign })
      .inc();
    expect(await metrics.render()).toContain('c_total{result="other"} 1');
  });

  test('turns an undeclared label value into "other"', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.counter({ name: 'c_total', help: 'h', labels: { result: results } }).inc({ result: foreign });
    const text = await metrics.render();
    expect(text).toContain('c_total{result="other"} 1');
    expect(text).not.toContain('user-42');
  });

  test('throws for an undeclared label value in development, without the value', () => {
    const metrics = createMetrics({ processMetrics: false, undeclared: 'throw' });
    const counter = metrics.counter({ name: 'c_total', help: 'h', labels: { result: results } });
    expect(() => counter.inc({ result: foreign })).toThrow(TelemetryError);
    expect(() => counter.inc({ result: foreign })).not.toThrow('user-42');
  });

  test('refuses a declaration with too many series', () => {
    const many = Array.from({ length: 300 }, (_, index) => String(index));
    const metrics = createMetrics({ processMetrics: false });
    expect(() => metrics.counter({ name: 'c_total', help: 'h', labels: { many } })).toThrow('declares 300 series');
  });

  test('collects a gauge at the scrape', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.gauge({ name: 'age_seconds', help: 'h', collect: (gauge) => gauge.set(7) });
    expect(await metrics.render()).toContain('age_seconds 7');
  });

  test('observes seconds in the declared buckets', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const seconds = metrics.histogram({ name: 'd_seconds', help: 'h', buckets: [0.1, 1], labels: { result: results } });
    seconds.observe(0.5, { result: 'success' });
    expect(await metrics.render()).toContain('d_seconds_bucket{le="1",result="success"} 1');
  });

  test('shows every series of a histogram before the first observation', async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.histogram({ name: 'd_seconds', help: 'h', buckets: [1], labels: { result: results } });
    expect(await metrics.render()).toContain('d_seconds_count{result="failure"} 0');
  });

  test('tells which part this is, in which version', async () => {
    const metrics = createMetrics({ processMetrics: false, build: { part: 'guard', version: '1.2.3' } });
    expect(await metrics.render()).toContain('sekisho_build_info{part="guard",version="1.2.3"} 1');
  });

  test('reports the process itself by default', async () => {
    expect(await createMetrics().render()).toContain('process_resident_memory_bytes');
  });
});
