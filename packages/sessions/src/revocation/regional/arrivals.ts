import { MAX_OWED } from '../arrears.ts';
import type { Heard } from '../log.ts';
import { toHead } from '../member.ts';
import type { RevocationEntry } from '../revocation.ts';
import type { RevocationSet } from '../revocation-set.ts';
import type { Bridge } from './bridge.ts';

export interface ArrivalsOptions {
  readonly set: RevocationSet;
  /** This one. */
  readonly region: string;
  readonly clock: () => Date;
  readonly bridge: Pick<Bridge, 'onArrival' | 'answer'>;
  /** Told once for each time that it stops working. */
  readonly onFailure: (unanswered: number, cause: unknown) => void;
}

/** Of failures until a round ends: the place is away then, and each of the others would wait for the same. */
const MAX_FAILURES = 3;

/**
 * Answers what other regions revoked. What is open follows from the revocations themselves, of which the answers are some: so neither a
 * crash between two steps, nor a store that restarts empty, leaves one out, and none is answered anew.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** Answered by this process or another of this region; the answer is still to be heard of. */
  readonly #answered = new Set<string>();
  readonly #failed = new Set<string>();
  #mayBeOpen = true;
  #isTold = false;
  #isStopped = false;
  #working: Promise<void> | undefined;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  hear(news: readonly Heard[]): void {
    const isAll = news.length <= MAX_OWED;
    if (!isAll || news.some(({ region, answers }) => region !== undefined && answers === undefined)) {
      this.#mayBeOpen = true;
    }
  }

  /** Answers what is open; never rejects, and leaves the rest to the next time. */
  work(): Promise<void> {
    if (!this.#mayBeOpen || this.#isStopped) return this.#working ?? Promise.resolve();
    this.#working ??= this.#round().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  async #round(): Promise<void> {
    this.#mayBeOpen = false;
    const open = this.#open();
    let failures = 0;
    for (const [note, entry] of open) {
      if (failures >= MAX_FAILURES || this.#isStopped) break;
      failures += (await this.#take(note, entry)) ? 0 : 1;
    }
    if (failures > 0) this.#mayBeOpen = true;
    else this.#isTold = false;
  }

  /** Those that failed before come last: one that always fails is in nobody's way. */
  #open(): readonly (readonly [string, RevocationEntry])[] {
    const { set, region, clock } = this.#options;
    const all = [...set.unansweredBy(region, clock().getTime())].map((entry) => [noteOf(entry), entry] as const);
    const notes = new Set(all.map(([note]) => note));
    for (const known of [this.#answered, this.#failed]) {
      for (const note of known) if (!notes.has(note)) known.delete(note);
    }
    const open = all.filter(([note]) => !this.#answered.has(note));
    return open.toSorted(([one], [other]) => Number(this.#failed.has(one)) - Number(this.#failed.has(other)));
  }

  async #take(note: string, entry: RevocationEntry): Promise<boolean> {
    const { bridge, onFailure, set, region } = this.#options;
    // Another process of this region may have been faster.
    if (set.isAnsweredBy(region, entry)) return true;
    try {
      await bridge.onArrival(entry);
      await bridge.answer(entry);
      this.#answered.add(note);
      this.#failed.delete(note);
      return true;
    } catch (error) {
      this.#failed.add(note);
      if (!this.#isTold) onFailure(this.#failed.size, error);
      this.#isTold = true;
      return false;
    }
  }
}

/** Names an entry among all that a region answers. */
export function noteOf({ kind, id, issuedBefore, ...said }: RevocationEntry): string {
  return `${kind} ${toHead(String(issuedBefore), said)}:${id}`;
}
