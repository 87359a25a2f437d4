import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Deliver, Delivery } from './span-queue.ts';

export interface OtlpOptions {
  /** The whole URL. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** Of one delivery. */
  readonly timeoutMs: number;
  /** Told when deliveries begin to fail, with the reason, and when they work again. */
  readonly onState: (state: 'failing' | 'working', cause?: unknown) => void;
}

/** What may be tried again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const MAX_ANSWER_BYTES = 16 * 1024;
const REFUSED = { kind: 'refused' } as const;
const LATER = { kind: 'later' } as const;

/** Delivers spans by OTLP over HTTP, in protobuf. */
export function createOtlpDelivery(options: OtlpOptions): Deliver {
  const told = stateTeller(options);
  return async (spans) => {
    const body = written(spans);
    if (body === undefined) return REFUSED;
    try {
      const answer = await post(options, body);
      told(answer.status);
      return await deliveryOf(answer);
    } catch (cause) {
      told(undefined, cause);
      return LATER;
    }
  };
}

/** @returns undefined where they cannot be written, which no second try changes */
function written(spans: readonly ReadableSpan[]): Uint8Array | undefined {
  try {
    return ProtobufTraceSerializer.serializeRequest([...spans]);
  } catch {
    return undefined;
  }
}

function post({ url, fetch, timeoutMs }: OtlpOptions, body: Uint8Array): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
}

async function deliveryOf(response: Response): Promise<Delivery> {
  if (response.ok) return { kind: 'delivered', rejected: await rejectedSpans(response) };
  await response.body?.cancel();
  return RETRYABLE.has(response.status) ? LATER : REFUSED;
}

/**
 * A collector may take a part (https://opentelemetry.io/docs/specs/otlp/#partial-success-1). Whatever else stands in its answer, it has taken
 * them: sent again, they would be there twice.
 */
async function rejectedSpans(response: Response): Promise<number> {
  try {
    const body = await boundedBody(response);
    if (body.length === 0) return 0;
    return Number(ProtobufTraceSerializer.deserializeResponse(body).partialSuccess?.rejectedSpans ?? 0);
  } catch {
    return 0;
  }
}

async function boundedBody({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) return new Uint8Array();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Once when it begins, once when it ends. */
function stateTeller({ onState }: OtlpOptions): (status: number | undefined, cause?: unknown) => void {
  let failing = false;
  return (status, cause) => {
    const fails = status === undefined || status >= 300;
    if (fails === failing) return;
    failing = fails;
    if (fails) onState('failing', cause ?? new Error(`the collector answered ${status}`));
    else onState('working');
  };
}
