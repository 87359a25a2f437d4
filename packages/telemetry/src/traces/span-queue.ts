import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** What became of a delivery; `later` may be tried again. */
export type Delivery =
  | { readonly kind: 'delivered'; readonly rejected: number }
  | { readonly kind: 'later' | 'refused' };

/** Delivers spans. Never rejects. */
export type Deliver = (spans: readonly ReadableSpan[]) => Promise<Delivery>;

export interface SpanQueueOptions {
  readonly deliver: Deliver;
  /** Spans that wait or are under way, at most; more are dropped. */
  readonly maxSpans: number;
  readonly batchSize: number;
  /** Milliseconds that a span waits for others. */
  readonly delayMs: number;
  /** Runs a task once after that many milliseconds; the returned function cancels it. */
  readonly after: (ms: number, task: () => void) => () => void;
  /** Told of what became of spans. */
  readonly count: (result: SpanResult, spans: number) => void;
  /** Milliseconds that the last deliveries have. @default 3000 */
  readonly stopMs?: number;
}

export const SPAN_RESULTS = ['exported', 'dropped', 'failed'] as const;
export type SpanResult = (typeof SPAN_RESULTS)[number];

const MAX_TRIES = 3;

/**
 * Ended spans on their way to the collector: one delivery at a time, in bounded memory. A collector that is slow or away costs spans and never
 * a request: what there is no room for is dropped and counted.
 */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  #waiting: ReadableSpan[] = [];
  #underWay = 0;
  #cancelTimer: (() => void) | undefined;
  #delivering: Promise<void> | undefined;
  #stopping = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { maxSpans, batchSize, count } = this.#options;
    if (this.#stopping || this.#waiting.length + this.#underWay >= maxSpans) {
      count('dropped', 1);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= batchSize) this.#begin();
    else this.#schedule();
  }

  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#delivering !== undefined) {
      this.#begin();
      await this.#delivering;
    }
  }

  /** Resolves when all is delivered or the time is over; what is left then counts as dropped. */
  async shutdown(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { after, stopMs = 3_000, count } = this.#options;
    const over = Promise.withResolvers<void>();
    const cancel = after(stopMs, over.resolve);
    await Promise.race([this.forceFlush(), over.promise]);
    cancel();
    this.#cancelTimer?.();
    // What is under way may arrive, or not: nobody is there any more to count it.
    if (this.#waiting.length > 0) count('dropped', this.#waiting.length);
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#delivering !== undefined) return;
    this.#cancelTimer = this.#options.after(this.#options.delayMs, () => this.#begin());
  }

  #begin(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#delivering !== undefined || this.#waiting.length === 0) return;
    const { batchSize } = this.#options;
    this.#delivering = this.#deliver(this.#waiting.splice(0, batchSize)).finally(() => {
      this.#delivering = undefined;
      if (this.#stopping || this.#waiting.length === 0) return;
      if (this.#waiting.length >= batchSize) this.#begin();
      else this.#schedule();
    });
  }

  async #deliver(spans: readonly ReadableSpan[]): Promise<void> {
    const { deliver, count } = this.#options;
    this.#underWay = spans.length;
    let delivery = await deliver(spans);
    // Whoever stops waits for no collector that is away.
    for (let tries = 1; delivery.kind === 'later' && tries < MAX_TRIES && !this.#stopping; tries += 1) {
      await this.#pause(tries);
      delivery = await deliver(spans);
    }
    this.#underWay = 0;
    const rejected = delivery.kind === 'delivered' ? Math.min(delivery.rejected, spans.length) : spans.length;
    if (rejected > 0) count('failed', rejected);
    if (rejected < spans.length) count('exported', spans.length - rejected);
  }

  #pause(tries: number): Promise<void> {
    const { after, delayMs } = this.#options;
    return new Promise((resolve) => void after(delayMs * 2 ** tries, resolve));
  }
}
