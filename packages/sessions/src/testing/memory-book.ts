import type { Beat, RegionNote } from '../revocation/regional/bridge.ts';
import type { Mark, NotedMoment, RegionReport } from '../revocation/regional/region-news.ts';

/** What a log in memory says of regions, as strict as the scripts are. */
export class MemoryBook {
  readonly #now: () => number;
  readonly #whole = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #noted = new Map<string, NotedMoment>();
  readonly #marks = new Map<string, Mark>();

  constructor(now: () => number) {
    this.#now = now;
  }

  beat(region: string, { wholeMs, untoldMs }: Omit<Beat, 'history'>): void {
    this.#whole.set(region, Math.max(this.#whole.get(region) ?? 0, this.#now() - wholeMs));
    if (untoldMs !== undefined) {
      this.#told.set(region, Math.max(this.#told.get(region) ?? 0, this.#now() - untoldMs));
    }
  }

  note(notes: readonly RegionNote[]): void {
    for (const { name, ageMs, wall } of notes) {
      const stored = this.#now() - ageMs;
      const held = this.#noted.get(name)?.stored ?? 0;
      if (held > this.#now() || held < stored) this.#noted.set(name, { stored, wall });
    }
  }

  mark(mark: Mark): void {
    if (mark.at > (this.#marks.get(mark.name)?.at ?? 0)) this.#marks.set(mark.name, mark);
  }

  report(): RegionReport {
    return {
      now: this.#now(),
      whole: new Map(this.#whole),
      told: new Map(this.#told),
      noted: new Map(this.#noted),
      marks: [...this.#marks.values()],
    };
  }

  clear(): void {
    for (const map of [this.#whole, this.#told, this.#noted, this.#marks]) map.clear();
  }
}
