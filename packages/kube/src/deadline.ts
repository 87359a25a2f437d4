import type { Clock } from './clock.ts';
import { KubeError } from './errors.ts';

/** A signal that aborts with its parent, or when nothing was heard for `ms`; `touch` starts the time anew. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  touch(): void;
}

/** Dispose it when the work is over: it listens on `parent`, which may live as long as the process. */
export function deadline(clock: Clock, ms: number, what: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const expire = () => controller.abort(new KubeError('timeout', `${what}: nothing heard for ${ms} ms`));
  const follow = () => controller.abort(parent?.reason);
  let cancel = clock.after(ms, expire);
  if (parent?.aborted) follow();
  parent?.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    touch() {
      cancel();
      cancel = clock.after(ms, expire);
    },
    [Symbol.dispose]() {
      cancel();
      parent?.removeEventListener('abort', follow);
    },
  };
}
