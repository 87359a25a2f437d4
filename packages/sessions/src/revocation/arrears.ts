import type { Heard } from './log.ts';
import type { RevocationEntry } from './revocation.ts';
import type { RevocationSet } from './revocation-set.ts';

export interface ArrearsOptions {
  /** @default what is owed stays so */
  readonly restore?: ((entries: readonly Heard[]) => Promise<void>) | undefined;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Until when everything is owed that comes from elsewhere, asked before more is owed. @default never */
  readonly owedUntil?: (() => number) | undefined;
  /** Everything that was owed is there, and how much it was. */
  readonly onPaid?: ((entries: number) => void) | undefined;
  /** Told once for each time that it stops working. */
  readonly onUnpaid?: ((entries: number, cause: unknown) => void) | undefined;
}

interface Owed {
  readonly entry: Heard;
  readonly since: number;
  /** What was there until then was owed before it. */
  readonly after: number;
}

const AT_ONCE = 500;
/** A few MB; what is above it is found by the next comparison. */
export const MAX_OWED = 50_000;

/**
 * What a log lacks of what its reader knows, until it is written there. Whatever finds no room here, or was not kept for want
 * of a comparison, the next comparison of the whole log finds: so nothing is lost, and nothing grows for ever.
 */
export class Arrears {
  readonly #options: ArrearsOptions;
  /** Of the last comparison. */
  #missing: Owed[] = [];
  /** What came after it, and is paid first: who waits for it was told a moment ago. */
  #news: Owed[] = [];
  #isCompared = false;
  #hasMore = false;
  #paying: Promise<void> | undefined;
  #paid = 0;
  #isTold = false;
  #isStopped = false;

  constructor(options: ArrearsOptions) {
    this.#options = options;
  }

  /** Whether the log was compared as a whole, and need not be again. */
  get isCompared(): boolean {
    return this.#isCompared;
  }

  /** Whether the log has everything that its reader knows. */
  get isClear(): boolean {
    return this.#isCompared && !this.#hasMore && this.#count === 0;
  }

  /** Until when everything that is owed is there, however much comes after it; undefined when that is not known. */
  get paidUntil(): number | undefined {
    if (!this.#isCompared || this.#hasMore || this.#missing.length > 0) return undefined;
    return this.#news[0]?.after ?? this.#options.owedUntil?.();
  }

  get #count(): number {
    return this.#missing.length + this.#news.length;
  }

  /** Forgets what is owed: the log is to be compared. */
  forget(): void {
    this.#isCompared = false;
    this.#hasMore = false;
    this.#missing = [];
    this.#news = [];
  }

  /** @param missing everything that the log lacks; of more than MAX_OWED at least one more than that */
  settle(missing: readonly Heard[]): void {
    this.forget();
    this.#isCompared = true;
    this.#isTold = false;
    this.#keep(missing, this.#missing);
  }

  owe(entries: readonly Heard[]): void {
    if (this.#isCompared) this.#keep(entries, this.#news);
  }

  #keep(entries: readonly Heard[], owed: Owed[]): void {
    const { restore, monotonic, owedUntil } = this.#options;
    if (restore === undefined) return;
    const room = Math.max(0, MAX_OWED - this.#count);
    const since = monotonic();
    const after = owedUntil?.() ?? Number.NEGATIVE_INFINITY;
    this.#hasMore ||= entries.length > room;
    for (const entry of entries.slice(0, room)) owed.push({ entry, since, after });
  }

  /** Writes what is owed, until that fails; never rejects. A log that takes no writes must not end the following. */
  pay(): Promise<void> {
    const { restore } = this.#options;
    if (restore === undefined || this.#count === 0 || this.#isStopped) return this.#paying ?? Promise.resolve();
    this.#paying ??= this.#payAll(restore).finally(() => {
      this.#paying = undefined;
    });
    return this.#paying;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#paying;
  }

  async #payAll(restore: (entries: readonly Heard[]) => Promise<void>): Promise<void> {
    try {
      while (this.#count > 0 && !this.#isStopped) {
        // Lists that nobody looks at any more, if the log is compared meanwhile.
        const owed = this.#news.length > 0 ? this.#news : this.#missing;
        const batch = owed.slice(0, AT_ONCE);
        await restore(batch.map((entry) => this.#aged(entry)));
        owed.splice(0, batch.length);
        this.#paid += batch.length;
      }
      this.#done();
    } catch (error) {
      if (!this.#isTold) this.#options.onUnpaid?.(this.#count, error);
      this.#isTold = true;
    }
  }

  #done(): void {
    this.#options.onPaid?.(this.#paid);
    this.#paid = 0;
    this.#isTold = false;
    if (this.#hasMore) this.forget();
  }

  #aged({ entry, since }: Owed): Heard {
    return entry.ageMs === undefined
      ? entry
      : { ...entry, ageMs: entry.ageMs + Math.round(this.#options.monotonic() - since) };
  }
}

/** @returns what one set has and the other has not; of a million no more than tells that somebody cannot keep it */
export function lackingIn(set: RevocationSet, { of, now }: { of: RevocationSet; now: number }): RevocationEntry[] {
  const lacking: RevocationEntry[] = [];
  for (const entry of of.entries()) {
    if (lacking.length > MAX_OWED) break;
    if (entry.until > now && !set.covers(entry)) lacking.push(entry);
  }
  return lacking;
}
