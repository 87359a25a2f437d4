export interface Budget {
  readonly atOnce: number;
  /** On a busy machine everything takes longer, and what goes on meanwhile goes on for longer. */
  readonly perSecond: number;
}

/** What may be done, or told, in the time since `began`, by `performance.now()`. */
export function budgetSince(began: number, { atOnce, perSecond }: Budget): number {
  return atOnce + (perSecond * (performance.now() - began)) / 1_000;
}
