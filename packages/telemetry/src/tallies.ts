type Labels = Readonly<Record<string, string>>;

class Tally {
  readonly labels: Labels;
  count = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  inc(): void {
    this.count += 1;
  }
}

/** What was counted of some series since it was last told: to count is one addition, and the registry hears of it at the scrape. */
export class Tallies {
  readonly #byLabels = new Map<string, Tally>();
  readonly #add: (labels: Labels, amount: number) => void;

  constructor(add: (labels: Labels, amount: number) => void) {
    this.#add = add;
  }

  /** @param labels were checked, so that there are no more tallies than series */
  of(labels: Labels): Pick<Tally, 'inc'> {
    const key = JSON.stringify(Object.entries(labels));
    const known = this.#byLabels.get(key);
    if (known !== undefined) return known;
    const tally = new Tally(labels);
    this.#byLabels.set(key, tally);
    return tally;
  }

  tell(): void {
    for (const tally of this.#byLabels.values()) {
      if (tally.count > 0) this.#add(tally.labels, tally.count);
      tally.count = 0;
    }
  }
}
