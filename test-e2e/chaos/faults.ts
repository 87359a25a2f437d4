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
  /** Of different parts. */
  readonly names: readonly FaultName[];
  /** Before it begins. */
  readonly pauseMs: number;
  readonly lastsMs: number;
}

const PAUSE_MS = [1_000, 3_000] as const;
/** At most longer than what is known of revocations may be old. */
const LASTS_MS = [1_500, 9_000] as const;

/**
 * Faults without end, one after the other, or so many at once; each of them comes before any comes again. Of one part there is one at a time:
 * what is killed cannot stand still besides.
 */
export function* plannedFaults(random: Random, atOnce = 1): Generator<PlannedFault, never> {
  for (;;) {
    for (const names of grouped(shuffled(random, FAULT_NAMES), atOnce)) {
      yield { names, pauseMs: between(random, ...PAUSE_MS), lastsMs: between(random, ...LASTS_MS) };
    }
  }
}

function grouped(names: readonly FaultName[], atOnce: number): readonly (readonly FaultName[])[] {
  const groups: FaultName[][] = [];
  for (const name of names) {
    const open = groups.find(
      (group) => group.length < atOnce && group.every((other) => partOf(other) !== partOf(name)),
    );
    if (open === undefined) groups.push([name]);
    else open.push(name);
  }
  return groups;
}

const partOf = (name: FaultName): string => name.split(' ', 1)[0] ?? name;

/** Has all of them begin and end together; answers when everything is back. @throws what the first of them does that does not come back */
export async function strikeTogether(
  mesh: MeshInfo,
  names: readonly FaultName[],
  meanwhile: () => Promise<void>,
): Promise<void> {
  // Once, however many there are: they end together.
  let lasting: Promise<void> | undefined;
  const together = (): Promise<void> => {
    lasting ??= meanwhile();
    return lasting;
  };
  const results = await Promise.allSettled(names.map((name) => FAULTS[name](mesh, together)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
