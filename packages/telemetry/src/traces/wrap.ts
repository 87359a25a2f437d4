import type { Attributes, OpenSpan, SpanOptions, Tracing } from './tracing.ts';

export interface WrapOptions<R> extends SpanOptions {
  /** What a result tells. @param atOnce whether it was there without waiting, so mostly in memory */
  readonly describe?: (result: Awaited<R>, atOnce: boolean) => Attributes;
}

/**
 * The same function, with a span around each call that is part of a recorded trace. With tracing off it is the function itself, so that
 * what is wrapped knows nothing of it.
 */
export function wrap<A extends unknown[], R>(
  tracing: Tracing,
  options: WrapOptions<R>,
  work: (...args: A) => R,
): (...args: A) => R {
  if (!tracing.enabled) return work;
  return (...args) => {
    const span = tracing.child(options);
    return span === undefined ? work(...args) : within(span, options, () => work(...args));
  };
}

/** Runs work within a span and ends it by what becomes of the work. */
export function within<R>(span: OpenSpan, { describe }: Pick<WrapOptions<R>, 'describe'>, work: () => R): R {
  const done = (result: Awaited<R>, atOnce: boolean) => {
    span.end(describe === undefined ? {} : { attributes: describe(result, atOnce) });
    return result;
  };
  const failed = (error: unknown): never => {
    span.end({ errorType: errorType(error) });
    throw error;
  };
  let result: R;
  try {
    result = span.run(work);
  } catch (error) {
    return failed(error);
  }
  if (!(result instanceof Promise)) {
    done(result as Awaited<R>, true);
    return result;
  }
  return result.then((value: Awaited<R>) => done(value, false), failed) as R;
}

/** A stable code, or the class: what the message says may be anybody's. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
