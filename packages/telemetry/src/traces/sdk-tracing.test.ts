import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { keptTracing, SAMPLED, UNSAMPLED } from '../testing/kept-tracing.ts';
import { wrap } from './wrap.ts';

describe('a span of what came from outside', () => {
  test('is a child of the span that asked, in its trace', () => {
    const { tracing, spans } = keptTracing();
    tracing.serve({ name: 'GET /', traceparent: SAMPLED })?.end();
    expect(spans).toMatchObject([
      { name: 'GET /', traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' },
    ]);
  });

  test('is not begun where the proxy records none, whatever this process would do with traces of its own', () => {
    const { tracing } = keptTracing(1);
    expect(tracing.serve({ name: 'GET /', traceparent: UNSAMPLED })).toBeUndefined();
  });

  test('is recorded where the proxy records it, also by a process that begins no traces', () => {
    const { tracing, spans } = keptTracing(0);
    tracing.serve({ name: 'GET /', traceparent: SAMPLED })?.end();
    expect(tracing.serve({ name: 'GET /' })).toBeUndefined();
    expect(spans).toHaveLength(1);
  });

  test('begins a trace without a header, and with one that cannot be read', () => {
    const { tracing, spans } = keptTracing(1);
    tracing.serve({ name: 'a' })?.end();
    tracing.serve({ name: 'b', traceparent: 'nonsense' })?.end();
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, undefined]);
  });

  test('tells those that it asks of itself, and hands on the tracestate', () => {
    const { tracing, spans } = keptTracing();
    const span = tracing.serve({ name: 'GET /', traceparent: SAMPLED, tracestate: 'vendor=1' });
    span?.end();
    expect(span?.traceparent).toBe(`00-${spans[0]?.traceId}-${spans[0]?.spanId}-01`);
    expect(span?.tracestate).toBe('vendor=1');
  });

  test('says what failed, by its type alone', () => {
    const { tracing, spans } = keptTracing();
    tracing.serve({ name: 'GET /', traceparent: SAMPLED })?.end({ errorType: 'unavailable' });
    expect(spans).toMatchObject([{ failed: true, attributes: { 'error.type': 'unavailable' } }]);
  });
});

describe('a part of a span', () => {
  test('belongs to the span within which it runs, also after it waited, and to no other', async () => {
    const { tracing, spans } = keptTracing();
    const work = wrap(tracing, { name: 'part' }, async (name: string) => {
      await setImmediate();
      tracing.child({ name })?.end();
    });
    await Promise.all(
      ['first', 'second'].map(async (name) => {
        const span = tracing.serve({ name: `serve ${name}` });
        await span?.run(() => work(name));
        span?.end();
      }),
    );
    const named = (name: string) => spans.find((span) => span.name === name);
    const parentOf = (name: string) => spans.find(({ spanId }) => spanId === named(name)?.parentSpanId);
    for (const name of ['first', 'second']) {
      expect(parentOf(name)?.name).toBe('part');
      expect(parentOf(name)?.parentSpanId).toBe(named(`serve ${name}`)?.spanId);
    }
  });

  test('is not begun outside of any, nor by what goes on after the span has ended', () => {
    const { tracing, spans } = keptTracing();
    expect(tracing.child({ name: 'part' })).toBeUndefined();
    const span = tracing.serve({ name: 'GET /' });
    span?.run(() => {
      span.end();
      expect(tracing.child({ name: 'part' })).toBeUndefined();
      tracing.past({ name: 'query' }, { tookMs: 1 });
    });
    expect(spans.map(({ name }) => name)).toEqual(['GET /']);
  });
});

describe('wrap', () => {
  async function wrapped(work: () => unknown) {
    const { tracing, spans } = keptTracing();
    const describe = (_: unknown, atOnce: boolean) => ({ atOnce });
    const call = wrap(tracing, { name: 'part', describe }, work);
    const outer = tracing.serve({ name: 'GET /' });
    const outcome = await outer?.run(async () => call()).catch((error: unknown) => error);
    return { outcome, part: spans.find(({ name }) => name === 'part') };
  }

  test('gives back what the work gives, and tells whether it was there at once', async () => {
    expect(await wrapped(() => 1)).toMatchObject({ outcome: 1, part: { attributes: { atOnce: true } } });
    expect(await wrapped(async () => 2)).toMatchObject({ outcome: 2, part: { attributes: { atOnce: false } } });
  });

  test('lets errors through as they are, and tells their code and not their message', async () => {
    const error = Object.assign(new Error('hunter2'), { code: 'token_expired' });
    for (const work of [
      () => {
        throw error;
      },
      async () => Promise.reject(error),
    ]) {
      const { outcome, part } = await wrapped(work);
      expect(outcome).toBe(error);
      expect(part).toMatchObject({ failed: true, attributes: { 'error.type': 'token_expired' } });
      expect(JSON.stringify(part)).not.toContain('hunter2');
    }
  });
});
