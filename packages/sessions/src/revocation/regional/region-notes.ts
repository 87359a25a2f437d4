import type { Arrears } from '../arrears.ts';
import type { Follower } from '../follower.ts';
import type { Bridge, RegionNote } from './bridge.ts';
import type { KnownUntil, RegionBook } from './region-news.ts';

export interface RegionNotesOptions {
  readonly bridge: Pick<Bridge, 'note'>;
  readonly book: Pick<RegionBook, 'known'>;
  /** On the clock that only grows: until then everything of it is known. */
  readonly global: { readonly heardAt: number };
  readonly local: Pick<Follower, 'position' | 'history'>;
  /** What local lacks. */
  readonly arrears: Pick<Arrears, 'isClear' | 'paidUntil'>;
  readonly monotonic: () => number;
}

interface Claim {
  readonly heardAt: number;
  readonly known: readonly KnownUntil[];
}

const EVERY_MS = 500;

/**
 * Tells the region's own store until when everything is there that other regions revoked, so that a process which starts while
 * global is away knows how far it is behind, and follows them by this store alone.
 */
export class RegionNotes {
  readonly #options: RegionNotesOptions;
  /** What is noted as soon as all that global had told by then is at local; news that keep coming do not hold it up. */
  #claim: Claim | undefined;
  #notedAt = Number.NEGATIVE_INFINITY;
  #isNoting = false;

  constructor(options: RegionNotesOptions) {
    this.#options = options;
  }

  /** Never throws: one that fails is made good by the next. */
  note(): void {
    const { bridge, book, global, local, monotonic } = this.#options;
    const { position: last, history } = local;
    const now = monotonic();
    this.#claim ??= { heardAt: global.heardAt, known: book.known() };
    if (
      this.#isNoting ||
      now - this.#notedAt < EVERY_MS ||
      last === undefined ||
      history === undefined ||
      !this.#isThere(this.#claim)
    ) {
      return;
    }
    const notes = this.#claim.known.map((known) => toNote(known, now));
    this.#claim = undefined;
    this.#notedAt = now;
    if (notes.length === 0) return;
    this.#isNoting = true;
    const done = () => {
      this.#isNoting = false;
    };
    bridge.note({ last, history }, notes).then(done, done);
  }

  #isThere({ heardAt }: Claim): boolean {
    const { isClear, paidUntil } = this.#options.arrears;
    return isClear || (paidUntil !== undefined && paidUntil > heardAt);
  }
}

/** Rounded to what is older. */
function toNote([name, { monotonic, wall }]: KnownUntil, now: number): RegionNote {
  return { name, ageMs: Math.ceil(now - monotonic), wall: Math.floor(wall) };
}
