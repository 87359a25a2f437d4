import { DASHBOARDS } from '@sekisho/cdk8s';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../mesh/cluster.ts';
import { readMesh } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { ask, hasNumber, rulesOf } from '../monitoring/ask.ts';
import { type Prometheus, startPrometheus } from '../monitoring/prometheus.ts';
import { askable, queriesOf } from '../monitoring/queries.ts';
import { meshJobs } from '../monitoring/scrape-jobs.ts';
import { Traffic } from '../monitoring/traffic.ts';

/** What the first run has to compile, on a machine that does other things as well. */
const BUILD_MS = 3_600_000;
const LONG = 900_000;

const mesh = readMesh();
const cluster = new Cluster(mesh.kubeconfig);
const traffic = new Traffic(mesh, cluster);
let prometheus: Prometheus;

beforeAll(async () => {
  prometheus = await startPrometheus(meshJobs(mesh));
}, BUILD_MS);
afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await traffic.end();
  await cluster.close();
}, LONG);

test('no panel of a dashboard is empty on a mesh that is used', { timeout: LONG + 60_000 }, async () => {
  const empty = new Set(Object.values(DASHBOARDS).flatMap(queriesOf).map(askable));
  expect(empty.size).toBeGreaterThan(40);
  const full = async (): Promise<boolean> => {
    await traffic.round();
    for (const query of empty) if (hasNumber(await ask(prometheus, query))) empty.delete(query);
    return empty.size === 0;
  };
  await waitFor('every query has numbers', full, { timeout: LONG, every: 1_000 }).catch((error: unknown) => {
    // Which ones are empty says more than that some are.
    expect([...empty], String(error)).toEqual([]);
  });
});

test('Prometheus evaluates every rule without an error', { timeout: LONG }, async () => {
  const settled = async () => {
    const rules = await rulesOf(prometheus);
    return rules.every(({ health }) => health !== 'unknown') && rules;
  };
  const rules = await waitFor('every rule was evaluated', settled, { timeout: LONG / 2 });
  expect(rules.length).toBeGreaterThan(30);
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
});
