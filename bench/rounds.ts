import { type Figure, percentile } from './report.ts';

export interface RoundOptions {
  /** Until everything is compiled and every connection is open. */
  readonly warmUp: number;
  readonly rounds: number;
}

/** What was measured of several things in turns: whatever the machine does meanwhile meets all of them. */
export class Rounds<Name extends string> {
  readonly #rounds: readonly Readonly<Record<Name, number>>[];

  constructor(rounds: readonly Readonly<Record<Name, number>>[]) {
    this.#rounds = rounds;
  }

  /** The median, with the middle half of the rounds as spread. */
  figure(name: Name, title: string, unit: string): Figure {
    return { name: title, unit, ...summary(this.#rounds.map((round) => round[name])) };
  }

  /** The same of the ratio within each round. */
  ratio(name: Name, base: Name, title: string): Figure {
    return { name: title, unit: 'times it', ...summary(this.#rounds.map((round) => round[name] / round[base])) };
  }
}

/** @param measures each gives one number a round */
export async function inTurns<Name extends string>(
  measures: Readonly<Record<Name, () => Promise<number>>>,
  { warmUp, rounds }: RoundOptions,
): Promise<Rounds<Name>> {
  const names = Object.keys(measures) as Name[];
  const measured: Record<Name, number>[] = [];
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const numbers = {} as Record<Name, number>;
    for (const name of names) numbers[name] = await measures[name]();
    if (round >= warmUp) measured.push(numbers);
  }
  return new Rounds(measured);
}

function summary(values: readonly number[]): Pick<Figure, 'value' | 'spread'> {
  return { value: percentile(values, 0.5), spread: [percentile(values, 0.25), percentile(values, 0.75)] };
}
