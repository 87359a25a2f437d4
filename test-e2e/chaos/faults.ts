import { frozen } from '../mesh/frozen.ts';
import { killed } from '../mesh/killed.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { slowed } from '../mesh/slowed.ts';
import type { Fault, Faults, Schedule } from './schedule.ts';

const away = (...names: readonly string[]): Fault<MeshInfo>['strike'] => {
  return (mesh, meanwhile) => killed(mesh, names, meanwhile);
};

export const FAULTS = {
  'guard killed': { part: 'guard', strike: away('guard') },
  'guard frozen': { part: 'guard', strike: (mesh, meanwhile) => frozen(mesh, 'guard', meanwhile) },
  'guard slow': { part: 'guard', strike: (mesh, meanwhile) => slowed(mesh, 'guard', meanwhile) },
  'Redis killed': { part: 'Redis', strike: away('valkey') },
  'Redis frozen': { part: 'Redis', strike: (mesh, meanwhile) => frozen(mesh, 'valkey', meanwhile) },
  'auth killed': { part: 'auth', strike: away('auth') },
  'istiods killed': { part: 'istiods', strike: away('istiod', 'istiod-2') },
} as const satisfies Faults<MeshInfo, string>;

export type FaultName = keyof typeof FAULTS;

export const SCHEDULE: Schedule = {
  pauseMs: [1_000, 3_000],
  /** At most longer than what is known of revocations may be old. */
  lastsMs: [1_500, 9_000],
  // What is killed stays away as long as the supervisor stands still, which is for all of them.
  overlap: 'together',
};
