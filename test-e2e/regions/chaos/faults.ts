import { between, type Random, shuffled } from '../../chaos/random.ts';
import { frozen } from '../../mesh/frozen.ts';
import type { Regions } from '../launcher.ts';
import { type Cut, type Line, ROUND_TRIP_MS } from '../lines.ts';

/** Has something be gone or slow while `meanwhile` runs; then it is there again. */
type Fault = (regions: Regions, meanwhile: () => Promise<void>) => Promise<void>;

const cut =
  (line: Line, how: Cut): Fault =>
  async ({ lines }, meanwhile) => {
    await lines.cut(line, how);
    await meanwhile().finally(() => lines.heal(line));
  };

const slow =
  (line: Line, roundTripMs: number): Fault =>
  async ({ lines }, meanwhile) => {
    await lines.delay(line, roundTripMs);
    await meanwhile().finally(() => lines.delay(line, ROUND_TRIP_MS));
  };

const killed =
  (name: string): Fault =>
  async ({ down, up }, meanwhile) => {
    await down(name);
    await meanwhile().finally(() => up(name));
  };

const stopped =
  (name: string): Fault =>
  ({ info }, meanwhile) =>
    frozen(info, name, meanwhile);

export const FAULTS = {
  'tokyo cut off from the global store': cut('tokyo-global', 'silent'),
  'osaka cut off from the global store': cut('osaka-global', 'silent'),
  'osaka refused by the global store': cut('osaka-global', 'refused'),
  'osaka cut off from the database': cut('osaka-database', 'silent'),
  'the line of tokyo is slow': slow('tokyo-global', 400),
  'store of tokyo killed': killed('valkey-tokyo'),
  'store of tokyo frozen': stopped('valkey-tokyo'),
  'store of osaka killed': killed('valkey-osaka'),
  'global store killed': killed('valkey-global'),
  'global store frozen': stopped('valkey-global'),
  'auth of tokyo killed': killed('auth-tokyo'),
  'auth of osaka frozen': stopped('auth-osaka'),
  'guard of osaka killed': killed('guard-osaka'),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export interface PlannedFault {
  readonly name: FaultName;
  /** Before it begins. */
  readonly pauseMs: number;
  readonly lastsMs: number;
}

const PAUSE_MS = [500, 2_000] as const;
/** At most longer than a region may be behind. */
const LASTS_MS = [1_500, 18_000] as const;

/** Faults without end, one after the other; each of them comes before any comes again. */
export function* plannedFaults(random: Random): Generator<PlannedFault, never> {
  for (;;) {
    for (const name of shuffled(random, FAULT_NAMES)) {
      yield { name, pauseMs: between(random, ...PAUSE_MS), lastsMs: between(random, ...LASTS_MS) };
    }
  }
}
