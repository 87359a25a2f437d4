import type { Region } from '../../regions/region.ts';

/** Nobody waits for a lost region: neither who must know what it revokes, nor a key that is to be held everywhere. */
export const REGION_STATES = ['present', 'lost'] as const;
export type RegionState = (typeof REGION_STATES)[number];

/** Another region, as a process knows it. */
export interface RegionNews {
  readonly name: string;
  /** Milliseconds since everything that it had revoked was known here; Infinity when it never was. */
  readonly ageMs: number;
  /** Milliseconds since the global store knew of every session as it was there; Infinity when the region never said so. */
  readonly untoldMs: number;
  readonly state: RegionState;
}

/** What an administrator said of a region. */
export interface Mark {
  readonly name: string;
  readonly state: RegionState;
  /** Milliseconds since the epoch: the later of two counts. */
  readonly at: number;
}

/** A moment by two clocks of one region, each in milliseconds since the epoch. */
export interface NotedMoment {
  /** By that of the store. */
  readonly stored: number;
  /** By that of the process that noted it. */
  readonly wall: number;
}

/** What a log says of regions. */
export interface RegionReport {
  /** The clock of that place, milliseconds since the epoch. */
  readonly now: number;
  /** By region, the moment by that clock until which everything that it revoked is in that place. */
  readonly whole: ReadonlyMap<string, number>;
  /** The same of its sessions. */
  readonly told: ReadonlyMap<string, number>;
  /** The same as the bridge of a region notes it in the region's own store, of the other regions. */
  readonly noted: ReadonlyMap<string, NotedMoment>;
  readonly marks: readonly Mark[];
}

/** By which clocks of one store may differ, as for the moments of revocations. */
const CLOCKS_MS = 60_000;

/** Of a mark that is later nobody can have said it: no other could ever take its place. `MARK` overwrites it. */
export const MARK_AHEAD_MS = 24 * 60 * 60_000;

/** A moment by the clocks of a process: one that only grows, and the time of day in milliseconds since the epoch. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/** Another region, and until when everything that it revoked is known. */
export type KnownUntil = readonly [name: string, until: Instant];

export interface RegionBookOptions {
  readonly region: Region;
  readonly monotonic: () => number;
}

/** What is known of all regions, this one included. It only ever learns: a store that restarts empty takes nothing away. */
export class RegionBook {
  readonly #region: Region;
  readonly #names: readonly string[];
  readonly #monotonic: () => number;
  readonly #wholeAt = new Map<string, Instant>();
  readonly #toldAt = new Map<string, Instant>();
  readonly #marks = new Map<string, Mark>();

  constructor({ region, monotonic }: RegionBookOptions) {
    this.#region = region;
    this.#names = [region.name, ...region.others];
    this.#monotonic = monotonic;
  }

  /**
   * @param asked before the question was sent: an answer is as old as that at most
   * @returns what that place does not know yet
   */
  hear({ now, whole, told, noted, marks }: RegionReport, asked: Instant): readonly Mark[] {
    for (const name of this.#names) {
      const [moment, toldUntil] = [whole.get(name), told.get(name)];
      if (moment !== undefined) advance(this.#wholeAt, name, before(asked, [now - moment]));
      if (toldUntil !== undefined) advance(this.#toldAt, name, before(asked, [now - toldUntil]));
    }
    for (const name of this.#region.others) {
      const moment = noted.get(name);
      // Nobody may have been there to see one of the clocks set back.
      if (moment !== undefined) {
        advance(this.#wholeAt, name, before(asked, [now - moment.stored, asked.wall - moment.wall]));
      }
    }
    const credible = marks.filter(({ name, at }) => this.#names.includes(name) && at <= now + MARK_AHEAD_MS);
    for (const mark of credible) this.#learn(mark);
    return [...this.#marks.values()].filter(
      (known) => !credible.some(({ name, at }) => name === known.name && at >= known.at),
    );
  }

  ageOf(name: string): number {
    return this.#since(this.#wholeAt.get(name));
  }

  /** Of the other regions, those that were ever heard of. */
  known(): readonly KnownUntil[] {
    return [...this.#wholeAt].filter(([name]) => this.#region.others.includes(name));
  }

  /** Milliseconds; what every request asks. */
  get behindMs(): number {
    let longest = 0;
    for (const name of this.#region.others) {
      if (this.#stateOf(name) === 'present') longest = Math.max(longest, this.ageOf(name));
    }
    return longest;
  }

  get others(): readonly RegionNews[] {
    return this.#region.others.map((name) => ({
      name,
      ageMs: this.ageOf(name),
      untoldMs: this.#since(this.#toldAt.get(name)),
      state: this.#stateOf(name),
    }));
  }

  #since(until: Instant | undefined): number {
    return this.#monotonic() - (until?.monotonic ?? Number.NEGATIVE_INFINITY);
  }

  #stateOf(name: string): RegionState {
    return this.#marks.get(name)?.state ?? 'present';
  }

  /** Of two that say the opposite at one moment, the one that waits for the region. */
  #learn(mark: Mark): void {
    const known = this.#marks.get(mark.name);
    const isNews = known === undefined || mark.at > known.at || (mark.at === known.at && mark.state === 'present');
    if (isNews) this.#marks.set(mark.name, mark);
  }
}

function advance(known: Map<string, Instant>, name: string, until: Instant): void {
  if (until.monotonic > (known.get(name)?.monotonic ?? Number.NEGATIVE_INFINITY)) known.set(name, until);
}

/** @param ages of one moment, by the clocks that know it, when it was asked for */
function before({ monotonic, wall }: Instant, ages: readonly number[]): Instant {
  const ageMs = longestOf(ages);
  return { monotonic: monotonic - ageMs, wall: wall - ageMs };
}

/**
 * Of the ages of a moment by several clocks. One that lies in the future was written by a clock that was set back since, or by nobody
 * who knows: a region that speaks writes another one, and one that is silent must not pass for it.
 */
function longestOf(ages: readonly number[]): number {
  return ages.some((age) => age < -CLOCKS_MS) ? Number.POSITIVE_INFINITY : Math.max(0, ...ages);
}
