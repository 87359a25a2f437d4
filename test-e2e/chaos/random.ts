/** Numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** mulberry32: small, and even enough to choose by. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @throws Error when there is none to choose from */
export function oneOf<T>(random: Random, values: readonly T[]): T {
  const [value] = values.slice(Math.floor(random() * values.length));
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}

export function between(random: Random, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

export function shuffled<T>(random: Random, values: readonly T[]): readonly T[] {
  return values
    .map((value) => [random(), value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}
