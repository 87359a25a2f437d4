import type { Fault, Faults, Schedule } from '../../chaos/schedule.ts';
import { frozen } from '../../mesh/frozen.ts';
import type { Regions } from '../launcher.ts';
import { type Cut, type Line, ROUND_TRIP_MS } from '../lines.ts';

const cut = (line: Line, how: Cut): Fault<Regions> => ({
  part: line,
  async strike({ lines }, meanwhile) {
    await lines.cut(line, how);
    await meanwhile().finally(() => lines.heal(line));
  },
});

const slow = (line: Line, roundTripMs: number): Fault<Regions> => ({
  part: line,
  async strike({ lines }, meanwhile) {
    await lines.delay(line, roundTripMs);
    await meanwhile().finally(() => lines.delay(line, ROUND_TRIP_MS));
  },
});

const killed = (name: string): Fault<Regions> => ({
  part: name,
  async strike({ down, up }, meanwhile) {
    await down(name);
    await meanwhile().finally(() => up(name));
  },
});

const stopped = (name: string): Fault<Regions> => ({
  part: name,
  strike: ({ info }, meanwhile) => frozen(info, name, meanwhile),
});

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
} as const satisfies Faults<Regions, string>;

export type FaultName = keyof typeof FAULTS;

export const SCHEDULE: Schedule = {
  pauseMs: [500, 2_000],
  /** At most longer than a region may be behind. */
  lastsMs: [1_500, 18_000],
  overlap: 'staggered',
};
