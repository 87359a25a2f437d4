import type { Clock } from './clock.ts';
import { KubeError } from './errors.ts';

/** A signal that aborts with any parent, or when nothing was heard for `ms`; `touch` starts the time anew. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  touch(): void;
}

/** Dispose it when the work is over: it listens on `parents`, which may live as long as the process. */
export function deadline(
  clock: Clock,
  ms: number,
  what: string,
  ...parents: readonly (AbortSignal | undefined)[]
): Deadline {
  const controller = new AbortController();
  const expire = () => controller.abort(new KubeError('timeout', `${what}: nothing heard for ${ms} ms`));
  const follow = () => controller.abort(parents.find((parent) => parent?.aborted)?.reason);
  let cancel = clock.after(ms, expire);
  for (const parent of parents) parent?.addEventListener('abort', follow);
  if (parents.some((parent) => parent?.aborted)) follow();
  return {
    signal: controller.signal,
    touch() {
      cancel();
      cancel = clock.after(ms, expire);
    },
    [Symbol.dispose]() {
      cancel();
      for (const parent of parents) parent?.removeEventListener('abort', follow);
    },
  };
}
