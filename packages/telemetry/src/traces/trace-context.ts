/** What a `traceparent` header tells (https://www.w3.org/TR/trace-context/#traceparent-header). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** Of the span that sent it: 16 digits. */
  readonly spanId: string;
  /** Whether whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** A later version may append fields (section 3.2.4 there); nobody needs to send this many. */
const MAX_LENGTH = 256;

/** @returns undefined without a header, and for one that is not well formed: then a trace begins anew */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
