import { type Field, fieldsOf, ProtobufError } from './protobuf.ts';

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export interface ReceivedSpan {
  /** `service.name` of who recorded it. */
  readonly service: string;
  readonly resource: Attributes;
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined where the trace begins. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since the epoch. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

export type Attributes = Readonly<Record<string, unknown>>;

/**
 * The spans of an ExportTraceServiceRequest, as OTLP over HTTP carries it.
 * @throws ProtobufError when it is none, or a span lacks what every span has
 */
export function spansOf(request: Uint8Array): readonly ReceivedSpan[] {
  return messages(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1).flatMap((message) => messages(message, 1)));
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => spanOf(span, resource));
  });
}

function spanOf(message: Uint8Array, resource: Attributes): ReceivedSpan {
  const parent = hex(bytesOf(message, 4));
  const [status] = messages(message, 15);
  return checked({
    service: String(resource['service.name']),
    resource,
    traceId: hex(bytesOf(message, 1)),
    spanId: hex(bytesOf(message, 2)),
    parentSpanId: parent === '' ? undefined : parent,
    name: text(bytesOf(message, 5)),
    kind: SPAN_KINDS[Number(numberOf(message, 6))] ?? 'unspecified',
    start: numberOf(message, 7),
    end: numberOf(message, 8),
    attributes: attributesOf(messages(message, 9)),
    failed: status !== undefined && numberOf(status, 3) === 2n,
  });
}

function checked(span: ReceivedSpan): ReceivedSpan {
  const wrong = [
    [/^[\da-f]{32}$/.test(span.traceId), 'trace id'],
    [/^[\da-f]{16}$/.test(span.spanId), 'span id'],
    [span.parentSpanId === undefined || /^[\da-f]{16}$/.test(span.parentSpanId), 'parent'],
    [span.name !== '', 'name'],
    [span.start > 0n && span.end >= span.start, 'time'],
    [typeof span.resource['service.name'] === 'string', 'service.name'],
  ].find(([holds]) => holds !== true);
  if (wrong !== undefined) throw new ProtobufError(`the span ${JSON.stringify(span.name)} has no good ${wrong[1]}`);
  return span;
}

/** Of KeyValue messages. */
function attributesOf(keyValues: readonly Uint8Array[]): Attributes {
  return Object.fromEntries(
    keyValues.map((message) => {
      const [value] = messages(message, 2);
      return [text(bytesOf(message, 1)), value === undefined ? undefined : anyValue(value)];
    }),
  );
}

/** Of an AnyValue, as far as spans hold such. */
function anyValue(message: Uint8Array): unknown {
  const [field] = fieldsOf(message);
  if (field === undefined) return undefined;
  if (field.wire === 'bytes') return field.number === 1 ? text(field.value) : hex(field.value);
  if (field.number === 2) return field.value === 1n;
  return field.wire === 'fixed64' ? doubleOf(field.value) : Number(BigInt.asIntN(64, field.value));
}

function doubleOf(bits: bigint): number {
  return new Float64Array(BigUint64Array.of(bits).buffer)[0] ?? Number.NaN;
}

function messages(message: Uint8Array, number: number): readonly Uint8Array[] {
  return numbered(message, number).map(({ wire, value }) => {
    if (wire !== 'bytes') throw new ProtobufError(`field ${number} is no message`);
    return value;
  });
}

/** Empty without the field, as proto3 has it. */
function bytesOf(message: Uint8Array, number: number): Uint8Array {
  return messages(message, number).at(-1) ?? new Uint8Array();
}

function numberOf(message: Uint8Array, number: number): bigint {
  const field = numbered(message, number).at(-1);
  if (field === undefined) return 0n;
  if (field.wire === 'bytes') throw new ProtobufError(`field ${number} is no number`);
  return field.value;
}

function numbered(message: Uint8Array, number: number): readonly Field[] {
  return [...fieldsOf(message)].filter((field) => field.number === number);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
