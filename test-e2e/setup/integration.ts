import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { Addresses } from '../mesh/addresses.ts';
import { killMarked } from '../mesh/leftovers.ts';
import { LOCAL } from '../mesh/paths.ts';
import { MESH_MARK } from '../mesh/proc.ts';
import { valkey } from '../mesh/stores.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import {
  ensureHelm,
  ensureHelm3,
  ensureKubectl,
  ensurePrometheusDefinitions,
  ensureToolchain,
  type Toolchain,
} from '../toolchain/index.ts';
import { startControlPlane } from './control-plane.ts';
import { startPostgres } from './postgres.ts';
import type { PrivateOrder } from './private-control-plane.ts';
import type { PostgresOrder } from './private-postgres.ts';
import { runFolder } from './run-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of an admin's kubeconfig of a real kube-apiserver without any CRD of ours. */
    kubeconfig: string;
    /** What to fork, with its environment, for an API server of a test's own (see private-control-plane.ts). */
    privateControlPlane: {
      readonly program: string;
      readonly order: string;
      readonly env: Readonly<Record<string, string>>;
    };
    /** How many policies a test of many makes: `GOOD_POLICIES`, 1,000 unless it is set. */
    goodPolicies: number;
    /** Requests to each operation of the auth service that a test makes up, `FUZZ_RUNS`, and what from, `FUZZ_SEED`. */
    fuzz: { readonly runs: number; readonly seed: number };
    /** Path of Istio's CRDs (YAML, several documents). */
    istioCrds: string;
    /** The program `helm`. */
    helm: string;
    /** The same of the last release before. */
    helm3: string;
    /** The program `kubectl`. */
    kubectl: string;
    /** The same of the Gateway API's. */
    gatewayCrds: string;
    /** The same of the Prometheus operator's PodMonitor and PrometheusRule. */
    prometheusCrds: string;
    redisUrl: string;
    /** For tests that start, freeze and kill servers of their own: the program, where to keep data, and the environment that ends them with the run. */
    valkey: { readonly program: string; readonly folder: string; readonly env: Readonly<Record<string, string>> };
    postgresUrl: string;
    /** What to fork, with its environment, for a PostgreSQL that a test kills and freezes (see private-postgres.ts); undefined where there is none. */
    privatePostgres: { readonly program: string; readonly order: string; readonly env: NodeJS.ProcessEnv } | undefined;
  }
}

/** Starts the real servers that integration tests talk to: kube-apiserver on etcd, Valkey, PostgreSQL. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const report = (line: string): void => console.log(`  ${line}`);
  const tools = await ensureToolchain(process.env, report);
  await provideTools(project, report);
  const folder = await runFolder(LOCAL);
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const context = { folder, logs, addresses: new Addresses(folder) };
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  const closers = [() => rm(folder, { recursive: true, force: true }), () => supervisor.stop()];
  const teardown = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  // An interrupted test runner exits without a teardown, and the Ctrl-C does not reach servers with process groups of their own.
  process.once('exit', () => killMarked(folder));
  process.once('SIGHUP', () => process.exit(129));
  try {
    const store = await valkey(tools.valkey, context);
    await supervisor.start(store.spec);
    const kubeconfig = await startControlPlane(tools, context, supervisor);
    const postgres = await startPostgres(join(folder, 'postgres'), { [MESH_MARK]: folder });
    closers.push(postgres.stop);
    project.provide('kubeconfig', kubeconfig);
    project.provide('privateControlPlane', privateControlPlane(tools, folder));
    project.provide('goodPolicies', Number(process.env['GOOD_POLICIES'] ?? 1_000));
    const { FUZZ_RUNS = '', FUZZ_SEED = '' } = process.env;
    // An empty one is as good as none: with no requests at all the test would pass.
    project.provide('fuzz', { runs: Number(FUZZ_RUNS || '30'), seed: Number(FUZZ_SEED || '20260101') });
    project.provide('istioCrds', tools.istioCrds);
    project.provide('gatewayCrds', tools.gatewayCrds);
    project.provide('redisUrl', store.url);
    project.provide('valkey', { program: tools.valkey, folder, env: { [MESH_MARK]: folder } });
    project.provide('postgresUrl', postgres.url);
    project.provide('privatePostgres', postgres.url === '' ? undefined : privatePostgres(folder));
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

/** What the chart, the manifests and the documentation are tried with; the mesh does without. */
async function provideTools(project: TestProject, report: (line: string) => void): Promise<void> {
  project.provide('helm', await ensureHelm(process.env, report));
  project.provide('helm3', await ensureHelm3(process.env, report));
  project.provide('kubectl', await ensureKubectl(process.env, report));
  project.provide('prometheusCrds', await ensurePrometheusDefinitions(process.env, report));
}

function privatePostgres(folder: string) {
  const order: PostgresOrder = { folder };
  const program = join(import.meta.dirname, 'private-postgres.ts');
  return { program, order: JSON.stringify(order), env: privateEnvironment(folder) };
}

/** What a program needs that a test forks, and the mark that ends it with the run. */
function privateEnvironment(folder: string) {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', [MESH_MARK]: folder };
}

function privateControlPlane({ etcd, kubeApiserver }: Toolchain, folder: string) {
  const order: PrivateOrder = { tools: { etcd, kubeApiserver }, folder };
  const program = join(import.meta.dirname, 'private-control-plane.ts');
  return {
    program,
    order: JSON.stringify(order),
    env: privateEnvironment(folder),
  };
}
