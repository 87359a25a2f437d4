import type { AuthPlace } from '../story/accounts.ts';

export const REGION_NAMES = ['tokyo', 'osaka'] as const;
export type RegionName = (typeof REGION_NAMES)[number];

/** What is reached where in one region. URLs have no path. */
export interface RegionPlace extends AuthPlace {
  readonly name: RegionName;
  /** Where its guard is asked as Envoy asks it. */
  readonly guard: string;
  /** Health and metrics of the guard. */
  readonly guardOps: string;
  /** Of its own store. */
  readonly redisUrl: string;
  /** Whole environments of both processes, to start others like them. */
  readonly env: { readonly auth: Environment; readonly guard: Environment };
}

export type Environment = Readonly<Record<string, string>>;

/** Two regions that are up. */
export interface RegionsInfo {
  readonly regions: Readonly<Record<RegionName, RegionPlace>>;
  /** The global store, past the lines. */
  readonly globalRedisUrl: string;
  /** API of toxiproxy, which is between the regions and what they share. */
  readonly lines: string;
  /** Of the one cluster that stands for that of each region. */
  readonly kubeconfig: string;
  /** How old what a region knows of the other one's revocations may be. */
  readonly maxStalenessSeconds: number;
  /** The record of all processes, see `ProcessRecord`. */
  readonly processes: string;
  /** Holds everything; removed at the end. */
  readonly folder: string;
  readonly logs: string;
  /** What every further process must have in its environment, so that none outlives the regions. */
  readonly mark: Environment;
}

/** The other one. */
export function otherThan(name: RegionName): RegionName {
  return name === 'tokyo' ? 'osaka' : 'tokyo';
}
