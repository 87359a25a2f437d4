import { frozen } from '../mesh/frozen.ts';
import { killed } from '../mesh/killed.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { slowed } from '../mesh/slowed.ts';
import { between, type Random, shuffled } from './random.ts';

/** Has something be gone or slow while `meanwhile` runs, and answers when it is back. */
type Fault = (mesh: MeshInfo, meanwhile: () => Promise<void>) => Promise<void>;

export const FAULTS = {
  'guard killed': (mesh, meanwhile) => killed(mesh, 'guard', meanwhile),
  'guard frozen': (mesh, meanwhile) => frozen(mesh, 'guard', meanwhile),
  'guard slow': (mesh, meanwhile) => slowed(mesh, 'guard', meanwhile),
  'Redis killed': (mesh, meanwhile) => killed(mesh, 'valkey', meanwhile),
  'Redis frozen': (mesh, meanwhile) => frozen(mesh, 'valkey', meanwhile),
  'auth killed': (mesh, meanwhile) => killed(mesh, 'auth', meanwhile),
  'istiods killed': (mesh, meanwhile) => killed(mesh, ['istiod', 'istiod-2'], meanwhile),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export interface PlannedFault {
  readonly name: FaultName;
  /** Before it begins. */
  readonly pauseMs: number;
  readonly lastsMs: number;
}

const PAUSE_MS = [1_000, 3_000] as const;
/** At most longer than what is known of revocations may be old. */
const LASTS_MS = [1_500, 9_000] as const;

/** Faults without end, one after the other; each of them comes before any comes again. */
export function* plannedFaults(random: Random): Generator<PlannedFault, never> {
  for (;;) {
    for (const name of shuffled(random, FAULT_NAMES)) {
      yield { name, pauseMs: between(random, ...PAUSE_MS), lastsMs: between(random, ...LASTS_MS) };
    }
  }
}
