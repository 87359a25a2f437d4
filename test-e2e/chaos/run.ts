import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../mesh/wait.ts';
import { isAllowed } from './ask.ts';
import { FAULTS, type FaultName, SCHEDULE } from './faults.ts';
import { Ledger, type Phase } from './ledger.ts';
import { type Load, PROOFS, sendLoad } from './load.ts';
import { type Random, randomFrom } from './random.ts';
import { nameOf, type PlannedFault, plannedFaults, strikeAll } from './schedule.ts';
import { arrive, reviseVictims, revoke, type Victim } from './victims.ts';
import { renewPeople, type World } from './world.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** At least so long; then as much longer as the fault that is on, and what is not asked yet, take. */
  readonly durationMs: number;
  /** Faults of different parts. @default 1 */
  readonly atOnce?: number;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

const SENDERS = 8;
const PAUSE_MS = 120;
const PROGRESS_MS = 10_000;
const RECOVERY_MS = 120_000;
const MAX_PROOF_MS = 480_000;

/**
 * Load with one fault after the other. Ends early once something was let through that must not have been: the ledger tells.
 * @throws WaitError when the mesh does not come back by itself
 */
export async function runChaos(world: World, options: ChaosOptions): Promise<Ledger> {
  const run = await prepare(world, options);
  const { ledger, over } = run;
  const random = randomFrom(options.seed);
  const working = [
    renewPeople(world, over.signal),
    reviseVictims(world, run.victims, { random: randomFrom(options.seed + 1), signal: over.signal }),
    ...Array.from({ length: SENDERS }, (_, index) => sendLoad(loadOf(run, randomFrom(options.seed + 2 + index)))),
  ];
  const progress = setInterval(() => options.report(`${ledger.progress()}, ${run.phase}`), PROGRESS_MS);
  try {
    await disturb(run, options, random);
  } finally {
    clearInterval(progress);
    over.abort();
    await Promise.all(working);
  }
  return ledger;
}

interface Run {
  readonly world: World;
  readonly ledger: Ledger;
  readonly victims: Victim[];
  readonly kept: Victim;
  readonly over: AbortController;
  phase: Phase;
}

/** With some who are revoked before anything fails. */
async function prepare(world: World, { seed }: ChaosOptions): Promise<Run> {
  const random = randomFrom(seed);
  const victims: Victim[] = [];
  const kept = await waitFor('a user comes', () => arrive(world, random), { timeout: RECOVERY_MS });
  for (let count = 0; count < 3; count += 1) {
    const victim = await waitFor('a user comes', () => arrive(world, random), { timeout: RECOVERY_MS });
    await revoke(world, victim, random);
    victims.push(victim);
  }
  return { world, ledger: new Ledger(), victims, kept, over: new AbortController(), phase: 'no fault' };
}

function loadOf(run: Run, random: Random): Load {
  const { world, ledger, victims, kept, over } = run;
  return {
    ...{ world, ledger, victims, kept, random },
    phase: () => run.phase,
    pauseMs: PAUSE_MS,
    signal: over.signal,
  };
}

async function disturb(run: Run, { durationMs, atOnce = 1, signal }: ChaosOptions, random: Random): Promise<void> {
  const began = performance.now();
  const lasted = (): number => performance.now() - began;
  for (const fault of plannedFaults(random, FAULTS, { ...SCHEDULE, atOnce })) {
    signal?.throwIfAborted();
    if (run.ledger.summary.violations.length > 0) return;
    if (lasted() >= durationMs && (missing(run.ledger).length === 0 || lasted() >= durationMs + MAX_PROOF_MS)) return;
    await strike(run, fault);
  }
}

async function strike(run: Run, { pauseMs, strikes }: PlannedFault<FaultName>): Promise<void> {
  await delay(pauseMs);
  const name = nameOf(strikes);
  run.phase = name;
  await strikeAll(run.world.mesh, FAULTS, strikes);
  run.phase = 'recovering';
  const over = performance.now();
  await waitFor(`requests pass again after: ${name}`, () => passes(run.world), { timeout: RECOVERY_MS });
  run.ledger.recovered(name, performance.now() - over);
  run.phase = 'no fault';
}

const IN_A_ROW = 3;

async function passes({ sender, people }: World): Promise<boolean> {
  const presented = { kind: 'issued', credential: people.reader } as const;
  const ask = {
    name: 'canary',
    service: 'echo',
    place: 'edge',
    method: 'GET',
    path: '/echo/items',
    presented,
  } as const;
  for (let times = 0; times < IN_A_ROW; times += 1) if (!isAllowed(await sender.send(ask))) return false;
  return true;
}

/** What the run has not shown yet to be refused. */
export function missing(ledger: Ledger): readonly string[] {
  const { forbidden } = ledger.summary;
  return PROOFS.filter((name) => !forbidden.has(name));
}
