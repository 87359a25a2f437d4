import type { RegionState } from '@sekisho/sessions';

/** A region as this process knows it. */
export interface RegionView {
  readonly name: string;
  /** Whether it is waited for; undefined of the region that tells. */
  readonly state: RegionState | undefined;
  /** Milliseconds since everything that it revoked was known here; Infinity when it never was. */
  readonly ageMs: number;
}

/** What is still to be told to the other regions. */
export interface SyncView {
  /** Milliseconds that the oldest of it waits. */
  readonly lagMs: number;
  readonly waiting: number;
}

/** The regions, as administrators see and change them. */
export interface RegionDirectory {
  /** This one; undefined where there is one region only. */
  readonly own: string | undefined;
  /** This one first. */
  list(): readonly RegionView[];
  sync(): SyncView;
  /** Rejects with SessionError `redis_unavailable`; it may have worked, and can be repeated. */
  mark(name: string, state: RegionState): Promise<void>;
}

export const ONE_REGION: RegionDirectory = {
  own: undefined,
  list: () => [],
  sync: () => ({ lagMs: 0, waiting: 0 }),
  mark: async (name) => {
    throw new TypeError(`there is no region ${name}`);
  },
};

/** Those that are given up. */
export function lostOf(regions: Pick<RegionDirectory, 'list'>): readonly string[] {
  return regions.list().flatMap(({ name, state }) => (state === 'lost' ? name : []));
}
