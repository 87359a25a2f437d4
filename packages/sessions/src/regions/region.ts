import { REGION_PATTERN } from '@sekisho/tokens';

/** A place with a store, an auth service and guards of its own. */
export interface Region {
  /** As `REGION_NAME_PATTERN` has it. */
  readonly name: string;
  /** Every other region, marked lost or not. */
  readonly others: readonly string[];
}

/** It is part of keys in Redis, of key ids and of metrics: no dot, no colon. */
export const REGION_NAME_PATTERN = REGION_PATTERN;
export const MAX_REGIONS = 16;

/** What becomes of sessions that are known here while the global store is away. */
export const WITHOUT_GLOBAL = ['local', 'refuse'] as const;
export type WithoutGlobal = (typeof WITHOUT_GLOBAL)[number];

/** What becomes of sessions while the store of this region is away. */
export const WITHOUT_LOCAL = ['global', 'refuse'] as const;
export type WithoutLocal = (typeof WITHOUT_LOCAL)[number];
