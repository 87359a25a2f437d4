import type { Region } from '../../regions/region.ts';

/** Nobody waits for a lost region: neither who must know what it revokes, nor a key that is to be held everywhere. */
export const REGION_STATES = ['present', 'lost'] as const;
export type RegionState = (typeof REGION_STATES)[number];

/** Another region, as a process knows it. */
export interface RegionNews {
  readonly name: string;
  /** Milliseconds since everything that it had revoked was known here; Infinity when it never was. */
  readonly ageMs: number;
  readonly state: RegionState;
}

/** What an administrator said of a region. */
export interface Mark {
  readonly name: string;
  readonly state: RegionState;
  /** Milliseconds since the epoch: the later of two counts. */
  readonly at: number;
}

/** What a log says of regions. */
export interface RegionReport {
  /** The clock of that place, milliseconds since the epoch. */
  readonly now: number;
  /** By region, the moment by that clock until which everything that it revoked is in that place. */
  readonly whole: ReadonlyMap<string, number>;
  readonly marks: readonly Mark[];
}

/** By which clocks of one store may differ, as for the moments of revocations. */
const CLOCKS_MS = 60_000;

export interface RegionBookOptions {
  readonly region: Region;
  readonly monotonic: () => number;
}

/** What is known of all regions, this one included. It only ever learns: a store that restarts empty takes nothing away. */
export class RegionBook {
  readonly #region: Region;
  readonly #names: readonly string[];
  readonly #monotonic: () => number;
  /** By region, on the clock that only grows. */
  readonly #wholeAt = new Map<string, number>();
  readonly #marks = new Map<string, Mark>();

  constructor({ region, monotonic }: RegionBookOptions) {
    this.#region = region;
    this.#names = [region.name, ...region.others];
    this.#monotonic = monotonic;
  }

  /**
   * @param askedAt on the clock that only grows, before the question was sent: an answer is as old as that at most
   * @returns what that place does not know yet
   */
  hear({ now, whole, marks }: RegionReport, askedAt: number): readonly Mark[] {
    for (const name of this.#names) {
      const moment = whole.get(name);
      // One that lies in the future was written by a clock that was set back since, or by nobody who knows: a region that speaks
      // writes another one, and one that is silent must not pass for it.
      if (moment === undefined || moment > now + CLOCKS_MS) continue;
      const at = askedAt - Math.max(0, now - moment);
      this.#wholeAt.set(name, Math.max(at, this.#wholeAt.get(name) ?? at));
    }
    for (const mark of marks) if (this.#names.includes(mark.name)) this.#learn(mark);
    return [...this.#marks.values()].filter(
      (known) => !marks.some(({ name, at }) => name === known.name && at >= known.at),
    );
  }

  ageOf(name: string): number {
    return this.#monotonic() - (this.#wholeAt.get(name) ?? Number.NEGATIVE_INFINITY);
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
    return this.#region.others.map((name) => ({ name, ageMs: this.ageOf(name), state: this.#stateOf(name) }));
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
