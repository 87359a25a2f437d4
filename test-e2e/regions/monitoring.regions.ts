import { REGION_DASHBOARDS, RULE_GROUPS } from '@sekisho/cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../mesh/wait.ts';
import { ask, hasNumber, rulesOf } from '../monitoring/ask.ts';
import { type Prometheus, startPrometheus } from '../monitoring/prometheus.ts';
import { askable, queriesOf } from '../monitoring/queries.ts';
import { regionJobs } from '../monitoring/scrape-jobs.ts';
import { type Regions, startRegions } from './launcher.ts';
import { type RegionsContext, regionsContext } from './story/context.ts';
import { isRevoked, logsIn, logsOut, passes } from './story/seen.ts';

/** What the first run has to compile, on a machine that does other things as well. */
const BUILD_MS = 3_600_000;
const LONG_MS = 600_000;
/** Longer than a line is cut here: what users may do is not what is looked at. */
const MAX_STALENESS_SECONDS = 3_600;

const ALERTS = new Map<string, string>(
  RULE_GROUPS.filter(({ subject }) => subject === 'regions')
    .flatMap(({ alerts }) => alerts)
    .map(({ alert, expr }) => [alert, expr]),
);

let regions: Regions;
let context: RegionsContext;
/** Of tokyo. */
let prometheus: Prometheus;

beforeAll(async () => {
  const report = (line: string): void => console.log(`  ${line}`);
  regions = await startRegions(report, { maxStalenessSeconds: MAX_STALENESS_SECONDS });
  context = await regionsContext(regions);
  prometheus = await startPrometheus(regionJobs(regions.info.regions.tokyo));
}, BUILD_MS);
afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await regions?.[Symbol.asyncDispose]();
}, LONG_MS);

/** Waits until the condition of an alert holds, or holds no more. */
async function until(alert: string, holds: boolean): Promise<void> {
  const expr = ALERTS.get(alert);
  if (expr === undefined) throw new Error(`there is no alert ${alert}`);
  const isSo = async () => hasNumber(await ask(prometheus, expr)) === holds;
  await waitFor(`${alert} ${holds ? 'has a reason' : 'has no reason'}`, isSo, { timeout: LONG_MS });
}

test('no panel of the dashboard is empty in a region that is used', {
  timeout: LONG_MS + 60_000,
}, async () => {
  const { alice, bob } = context.people;
  const empty = new Set(Object.values(REGION_DASHBOARDS).flatMap(queriesOf).map(askable));
  expect(empty.size).toBeGreaterThan(5);
  const full = async (): Promise<boolean> => {
    await logsIn(bob, 'tokyo');
    await logsIn(alice, 'osaka');
    await passes(alice, 'tokyo');
    await logsOut(alice, 'osaka');
    await isRevoked(alice, 'tokyo');
    for (const query of empty) if (hasNumber(await ask(prometheus, query))) empty.delete(query);
    return empty.size === 0;
  };
  await waitFor('every query has numbers', full, { timeout: LONG_MS, every: 1_000 }).catch((error: unknown) => {
    // Which ones are empty says more than that some are.
    expect([...empty], String(error)).toEqual([]);
  });
});

test('Prometheus evaluates every rule about regions without an error', async () => {
  const evaluated = async () => {
    const rules = (await rulesOf(prometheus)).filter(({ name }) => ALERTS.has(name));
    return rules.length > 0 && rules.every(({ health }) => health !== 'unknown') && rules;
  };
  const rules = await waitFor('every rule was evaluated', evaluated, { timeout: 120_000 });
  expect(rules.map(({ name }) => name).toSorted()).toEqual([...ALERTS.keys()].toSorted());
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
});

test('while the line is cut the others are behind and what waits is late; afterwards revocations came late', {
  timeout: 4 * LONG_MS,
}, async () => {
  const { carol, dave } = context.people;
  await logsIn(carol, 'osaka');
  await context.lines.cut('tokyo-global');
  await logsIn(dave, 'tokyo');
  await logsOut(carol, 'osaka');
  await until('SekishoSessionSyncLate', true);
  await until('SekishoRegionBehind', true);
  await context.lines.heal('tokyo-global');
  await until('SekishoRegionRevocationsSlow', true);
  await until('SekishoSessionSyncLate', false);
  await until('SekishoRegionBehind', false);
});

test('a region that is given up is told of until it is taken back', { timeout: 3 * LONG_MS }, async () => {
  const { tokyo } = context.administrators;
  await waitFor('it is given up', () => tokyo.markRegion('osaka', 'lost'), { timeout: LONG_MS });
  await until('SekishoRegionLost', true);
  await waitFor('it is taken back', () => tokyo.markRegion('osaka', 'present'), { timeout: LONG_MS });
  await until('SekishoRegionLost', false);
});

/** A thousand sessions that wait for half an hour are more than a test has. */
test('but for its thresholds SekishoSessionSyncGrowing has numbers', { timeout: LONG_MS + 60_000 }, async () => {
  const expr = ALERTS.get('SekishoSessionSyncGrowing')?.replaceAll(/ > \d+/g, '') ?? '';
  expect(expr).toContain('session_sync_waiting');
  await waitFor('it has numbers', async () => hasNumber(await ask(prometheus, expr)), { timeout: LONG_MS });
});
