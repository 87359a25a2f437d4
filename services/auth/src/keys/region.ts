/** Whose keys a process looks after, of all that are in the table. */
export interface KeyRegion {
  /** Empty where there are no regions. */
  readonly name: string;
  /** The regions that must hold a key before it signs, but for those that are given up. */
  readonly others: readonly string[];
  /** Whether it goes on with the keys from before there were regions. */
  readonly isFirst: boolean;
}

export const NO_REGION: KeyRegion = { name: '', others: [], isFirst: true };

/** The regions in whose name it acts, as the table has them. */
export function ownRegions({ name, isFirst }: KeyRegion): readonly string[] {
  return isFirst && name !== '' ? [name, ''] : [name];
}
