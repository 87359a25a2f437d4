/** How long a run of faults is to take, and what is to fail. */
export interface Order {
  readonly minutes: number;
  /** The same one brings the same faults. */
  readonly seed: number;
  /** Faults of different parts. */
  readonly atOnce: number;
}

export interface OrderLimits {
  /** What was typed, as `make chaos`. */
  readonly verb: string;
  readonly mostMinutes: number;
  /** Where none is given. */
  readonly newSeed: () => number;
}

const MOST_AT_ONCE = 3;

/**
 * Reads MINUTES, AT_ONCE and SEED; what is empty is not given.
 * @returns what is wrong, as text, where something is
 */
export function readOrder(
  { MINUTES, AT_ONCE, SEED }: Readonly<Record<string, string | undefined>>,
  { verb, mostMinutes, newSeed }: OrderLimits,
): Order | string {
  const order = { minutes: Number(MINUTES || 10), atOnce: Number(AT_ONCE || 1), seed: Number(SEED || newSeed()) };
  const { minutes, atOnce, seed } = order;
  const isPossible = minutes > 0 && minutes <= mostMinutes && Number.isSafeInteger(seed);
  if (isPossible && Number.isSafeInteger(atOnce) && atOnce >= 1 && atOnce <= MOST_AT_ONCE) return order;
  return `${verb} MINUTES=10 AT_ONCE=1 SEED=7: at most ${mostMinutes} minutes, 1 to ${MOST_AT_ONCE} faults at once, and a whole number`;
}

/** What repeats a run. */
export function commandOf(verb: string, { minutes, atOnce, seed }: Order): string {
  return `${verb} MINUTES=${minutes} AT_ONCE=${atOnce} SEED=${seed}`;
}
