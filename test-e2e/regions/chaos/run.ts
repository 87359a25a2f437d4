import { setTimeout as delay } from 'node:timers/promises';
import { randomFrom } from '../../chaos/random.ts';
import { type PlannedFault, plannedFaults, strikeAll } from '../../chaos/schedule.ts';
import { waitFor } from '../../mesh/wait.ts';
import type { Person } from '../../story/accounts.ts';
import { outcome } from '../../story/http.ts';
import { Administration, askGuard, refresh, tokensOf } from '../api.ts';
import type { Regions } from '../launcher.ts';
import { SERVICE_NAMES } from '../objects.ts';
import { otherThan, REGION_NAMES, type RegionName } from '../regions-info.ts';
import { act } from './actor.ts';
import { FAULTS, type FaultName, SCHEDULE } from './faults.ts';
import { Ledger, type Login } from './ledger.ts';
import { Ongoing } from './ongoing.ts';
import { watchQueues } from './queues.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** At least so long; then as much longer as the fault that is on takes. */
  readonly durationMs: number;
  /** Faults of different parts. @default 1 */
  readonly atOnce?: number;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

const ACTORS = 8;
/** Enough that none of them has as many sessions within minutes as an account may have. */
const ACCOUNTS_EACH = 5;
const PROGRESS_MS = 10_000;
const RECOVERY_MS = 120_000;

/**
 * Load in both regions while one thing after the other fails, or several at once; then everything is there again, and what was acknowledged is held against
 * what both regions say. What must not be is in the ledger.
 * @throws WaitError when the regions do not come to rest
 */
export async function runChaos(regions: Regions, options: ChaosOptions): Promise<Ledger> {
  const ledger = new Ledger(regions.info);
  const over = new AbortController();
  const ongoing = new Ongoing();
  const stage = { info: regions.info, ledger, ongoing, signal: over.signal };
  const people = await settlers(regions, ACTORS);
  const working = [
    ...people.map((accounts, index) => act(accounts, stage, randomFrom(options.seed + 1 + index))),
    watchQueues(stage),
  ];
  const progress = setInterval(() => options.report(`${ledger.progress()}, ${ongoing.phase}`), PROGRESS_MS);
  try {
    const began = performance.now();
    const schedule = { ...SCHEDULE, atOnce: options.atOnce ?? 1 };
    for (const fault of plannedFaults(randomFrom(options.seed), FAULTS, schedule)) {
      if (isOver(began, options, ledger)) break;
      await delay(fault.pauseMs);
      ongoing.begin(fault);
      await strike(regions, fault, ledger);
      ongoing.end();
    }
  } finally {
    clearInterval(progress);
    over.abort();
    await Promise.all(working);
  }
  options.report('everything is there again: both regions come to rest');
  await rest(regions);
  await compare(regions, ledger);
  return ledger;
}

function isOver(began: number, { durationMs, signal }: ChaosOptions, { violations }: Ledger): boolean {
  signal?.throwIfAborted();
  return violations.length > 0 || performance.now() - began >= durationMs;
}

async function strike(regions: Regions, { strikes }: PlannedFault<FaultName>, ledger: Ledger): Promise<void> {
  await strikeAll(regions, FAULTS, strikes);
  for (const { name } of strikes) ledger.struck(name);
}

/** The accounts of each. */
function settlers({ info }: Regions, count: number): Promise<readonly (readonly Person[])[]> {
  const administration = new Administration(info.regions.tokyo);
  const grants = SERVICE_NAMES.map((service) => ({ service, permissions: [`${service}:read`] }));
  const create = () => administration.create({ name: 'settler', roles: ['member'], grants });
  const settle = () => waitFor('a settler has an account', create, { timeout: RECOVERY_MS });
  const accounts = () => Promise.all(Array.from({ length: ACCOUNTS_EACH }, settle));
  return Promise.all(Array.from({ length: count }, accounts));
}

/** Nothing waits to be told, and nobody is behind. */
async function rest({ info }: Regions): Promise<void> {
  for (const name of REGION_NAMES) {
    const administration = new Administration(info.regions[name]);
    const rests = async () => {
      const { regions, sync } = await administration.regions();
      return sync.waiting === 0 && regions.every(({ behindSeconds = Number.POSITIVE_INFINITY }) => behindSeconds < 5);
    };
    await waitFor(`${name} has told everything, and knows everything`, rests, { timeout: RECOVERY_MS });
  }
}

/** Of everybody whose session was begun or ended and acknowledged: both regions say so, and refresh. */
async function compare({ info }: Regions, ledger: Ledger): Promise<void> {
  const use = (login: Login, region: RegionName) => async () =>
    outcome(await askGuard(info.regions[region], 'orders', login.access));
  for (const login of ledger.live) {
    for (const region of REGION_NAMES) {
      const came = await lasting(use(login, region), '200');
      if (came !== '200') ledger.violations.push(`a live session of ${login.region} is refused in ${region}: ${came}`);
    }
    const elsewhere = otherThan(login.region);
    const answer = await refresh(info.regions[elsewhere], login.refresh);
    if (answer.status === 200) login.access = tokensOf(answer).access;
    else
      ledger.violations.push(`a live session of ${login.region} is not refreshed in ${elsewhere}: ${outcome(answer)}`);
  }
  for (const login of ledger.over) {
    for (const region of REGION_NAMES) {
      const came = await use(login, region)();
      if (came.startsWith('200')) ledger.violations.push(`a session that is over passes in ${region}`);
    }
  }
}

const PATIENCE_MS = 60_000;

/** What comes in the end: `wanted`, or what came last. */
async function lasting(ask: () => Promise<string>, wanted: string): Promise<string> {
  let last = '';
  const isThere = async () => {
    last = await ask();
    return last === wanted;
  };
  await waitFor(wanted, isThere, { timeout: PATIENCE_MS }).catch(() => undefined);
  return last;
}
