import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BareCluster, startBareCluster } from '@sekisho/test-e2e/mesh';
import { compilerFigures } from './operator/compiler.ts';
import { MESH_CONFIG, OperatorProcess } from './operator/operator-process.ts';
import { plainWrites } from './operator/plain-client.ts';
import { ISSUER, NAMESPACE } from './operator/policies.ts';
import { type Growth, Population } from './operator/population.ts';
import { type Figure, percentile, publish, report, type Target } from './report.ts';

/**
 * The operator on a real kube-apiserver, as a process of its own: the time until 10, then 100, then 1,000 more policies are programmed,
 * what one of them costs, one change among all, and a restart that must write nothing. `POLICIES=5000 make bench-operator` goes on with
 * 5,000 more. Times depend on what else the machine does; CPU time and counts hardly do.
 */
const SIZES = [10, 100, 1_000];
const REFERENCE = 100;
const PLAIN = 200;
const CHANGES = 20;
const CHANGES_FROM = 1_000;

const most = (value: number): { readonly target: Target } => ({ target: { relation: '<=', value } });

function sizesUpTo(largest: number): readonly number[] {
  if (!Number.isInteger(largest) || largest <= REFERENCE) {
    throw new Error(`POLICIES must be a whole number above ${REFERENCE}`);
  }
  return [...SIZES.filter((size) => size < largest), largest];
}

async function measure(bare: BareCluster, sizes: readonly number[]): Promise<readonly Figure[]> {
  const plain = (await plainWrites(bare, PLAIN)) / PLAIN;
  const meshConfig = join(bare.folder, 'mesh.yaml');
  await writeFile(meshConfig, MESH_CONFIG);
  const start = () => OperatorProcess.start(bare, meshConfig);
  const population = new Population(bare, await start());
  const figures: Figure[] = [];
  const growths = new Map<number, Growth>();
  let base = { heap: 0, count: 0 };
  for (const size of sizes) {
    const growth = await population.grow(size);
    growths.set(size, growth);
    figures.push(...growthFigures(size, growth, plain));
    // What the first policies leave in the heap is code and tables.
    if (size === REFERENCE) base = { heap: await population.retainedHeap(), count: population.count };
    if (size >= CHANGES_FROM) figures.push(...changeFigures(population.count, await population.change(CHANGES)));
  }
  figures.push(...flatness(growths, sizes));
  const heap = ((await population.retainedHeap()) - base.heap) / (population.count - base.count);
  figures.push({ name: 'heap retained per policy and its objects', value: heap / 1000, unit: 'KB', ...most(20) });
  const name = `objects written by a restart with ${population.count} unchanged policies`;
  figures.push({ name, value: await population.restart(start), unit: '', ...most(0) });
  await population.stop();
  return figures;
}

function growthFigures(size: number, growth: Growth, plain: number): readonly Figure[] {
  const { seconds, operatorCpuMs, apiServerCpuMs, requests, events, reconciles } = growth;
  const of = (name: string, value: number, unit: string): Figure => ({
    name: `${size} policies: ${name}`,
    value,
    unit,
  });
  return [
    { ...of('first create to all programmed', seconds, 's'), ...(size === 1_000 && most(10)) },
    {
      ...of('the same, by policy', seconds / size / plain, 'x'),
      against: 'the same writes by a client without an operator',
    },
    of("operator's CPU per policy", operatorCpuMs, 'ms'),
    of("API server's CPU per policy", apiServerCpuMs, 'ms'),
    of('requests per policy', requests, ''),
    of('events written per policy', events, ''),
    of('reconciles per policy', reconciles, ''),
  ];
}

/** What a policy costs the operator when there are many, against when there are few. */
function flatness(growths: ReadonlyMap<number, Growth>, sizes: readonly number[]): readonly Figure[] {
  const few = growths.get(REFERENCE);
  const many = growths.get(sizes.at(-1) ?? REFERENCE);
  if (few === undefined || many === undefined) return [];
  const against = `${REFERENCE} policies`;
  const name = `operator's CPU per policy with ${sizes.at(-1)}`;
  return [{ name, value: many.operatorCpuMs / few.operatorCpuMs, unit: 'x', against, ...most(1.2) }];
}

function changeFigures(count: number, times: readonly number[]): readonly Figure[] {
  const name = `one change among ${count}, edit to programmed`;
  return [
    { name: `${name}, median`, value: percentile(times, 0.5), unit: 'ms' },
    { name: `${name}, maximum`, value: Math.max(...times), unit: 'ms', ...most(1_000) },
  ];
}

const sizes = sizesUpTo(Number(process.env['POLICIES'] ?? SIZES.at(-1)));
const compiler = compilerFigures();
const bare = await startBareCluster(report);
try {
  await bare.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ISSUER]);
  publish('operator', [...compiler, ...(await measure(bare, sizes))]);
} finally {
  await bare.stop();
}
