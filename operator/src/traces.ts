import { type Tracing, within } from '@sekisho/telemetry';

interface Item {
  readonly queue: string;
  /** `namespace/name`, or a name. */
  readonly key: string;
}

/** Each reconcile is a trace of its own: many changes may have led to it, and none of them waits. */
export function reconciling<R>(tracing: Tracing, { queue, key }: Item, work: () => Promise<R>): Promise<R> {
  const attributes = { 'sekisho.queue': queue, 'sekisho.key': key };
  const span = tracing.serve({ name: `reconcile ${queue}`, kind: 'internal', attributes });
  return span === undefined ? work() : within(span, {}, work);
}
