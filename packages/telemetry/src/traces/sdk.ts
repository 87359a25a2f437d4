/** What is loaded only where spans are recorded. */
export { createOtlpDelivery } from './otlp.ts';
export { createSdkTracing } from './sdk-tracing.ts';
export { SPAN_RESULTS, SpanQueue } from './span-queue.ts';
