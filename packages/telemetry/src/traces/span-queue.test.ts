import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { type Delivery, SpanQueue, type SpanResult } from './span-queue.ts';

const DELIVERED = { kind: 'delivered', rejected: 0 } as const;
const LATER = { kind: 'later' } as const;

/** A collector that answers when it is told to, and timers that run when they are told to. */
function world(options: { maxSpans?: number; batchSize?: number } = {}) {
  const deliveries: { readonly size: number; answer(delivery: Delivery): Promise<void> }[] = [];
  const timers = new Set<() => void>();
  const counts: Record<SpanResult, number> = { exported: 0, dropped: 0, failed: 0 };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const queue = new SpanQueue({
    ...{ maxSpans: 4, batchSize: 2, delayMs: 1_000, ...options },
    deliver(spans) {
      const { promise, resolve } = Promise.withResolvers<Delivery>();
      const answer = (delivery: Delivery) => {
        resolve(delivery);
        return settled();
      };
      deliveries.push({ size: spans.length, answer });
      return promise;
    },
    after(_, task) {
      timers.add(task);
      return () => timers.delete(task);
    },
    count: (result, spans) => {
      counts[result] += spans;
    },
  });
  const end = (spans: number) => {
    for (let index = 0; index < spans; index += 1) queue.onEnd({} as ReadableSpan);
  };
  const elapse = () => {
    const due = [...timers];
    timers.clear();
    for (const task of due) task();
    return settled();
  };
  return { queue, deliveries, counts, end, elapse, sizes: () => deliveries.map(({ size }) => size) };
}

describe('SpanQueue', () => {
  test('delivers a batch when it is full, and less when the time is over', async () => {
    const { end, elapse, sizes, deliveries, counts } = world();
    end(2);
    expect(sizes()).toEqual([2]);
    await deliveries[0]?.answer(DELIVERED);
    end(1);
    expect(sizes()).toEqual([2]);
    await elapse();
    expect(sizes()).toEqual([2, 1]);
    await deliveries[1]?.answer(DELIVERED);
    expect(counts).toEqual({ exported: 3, dropped: 0, failed: 0 });
  });

  test('holds no more than it may while the collector does not answer, and counts what it drops', async () => {
    const { end, sizes, deliveries, counts } = world({ maxSpans: 4, batchSize: 2 });
    end(10);
    expect(sizes()).toEqual([2]);
    expect(counts.dropped).toBe(6);
    await deliveries[0]?.answer(DELIVERED);
    expect(sizes()).toEqual([2, 2]);
  });

  test('tries again what may be tried again, three times in all', async () => {
    const { end, elapse, sizes, deliveries, counts } = world();
    end(2);
    for (const attempt of [0, 1, 2]) {
      await deliveries[attempt]?.answer(LATER);
      await elapse();
    }
    expect(sizes()).toEqual([2, 2, 2]);
    expect(counts).toEqual({ exported: 0, dropped: 0, failed: 2 });
  });

  test('gives up what the collector refuses, and counts what it took only in part', async () => {
    const { end, deliveries, counts } = world();
    end(2);
    await deliveries[0]?.answer({ kind: 'refused' });
    end(2);
    await deliveries[1]?.answer({ kind: 'delivered', rejected: 1 });
    expect(counts).toEqual({ exported: 1, dropped: 0, failed: 3 });
  });

  test('delivers what is left when it stops, and takes nothing more', async () => {
    const { queue, end, sizes, deliveries, counts } = world({ maxSpans: 8 });
    end(3);
    const stopped = queue.shutdown();
    await deliveries[0]?.answer(DELIVERED);
    await deliveries[1]?.answer(DELIVERED);
    await stopped;
    end(1);
    expect(sizes()).toEqual([2, 1]);
    expect(counts).toEqual({ exported: 3, dropped: 1, failed: 0 });
  });

  test('stops in time when the collector never answers', async () => {
    const { queue, end, elapse, counts } = world({ maxSpans: 8 });
    end(3);
    const stopped = queue.shutdown();
    await elapse();
    await stopped;
    expect(counts.dropped).toBe(1);
  });

  test('stops at once while it waits to try again', async () => {
    const { queue, end, elapse, deliveries } = world({ maxSpans: 8 });
    end(2);
    await deliveries[0]?.answer(LATER);
    const stopped = queue.shutdown();
    await elapse();
    await stopped;
    expect(deliveries.length).toBeLessThanOrEqual(2);
  });
});
