import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { timer } from '../mesh/timer.ts';
import { CommandError, succeed } from './commands.ts';
import type { Settings } from './settings.ts';

const CONTEXT = 'kind-';

type Report = (line: string) => void;

/** A cluster that a run makes for itself. */
export class OwnCluster {
  readonly #kind: string;
  readonly #settings: Settings;
  /** Beside the folder of a run, not in it: with KEEP the cluster outlives the run. */
  readonly #kubeconfig: string;
  readonly #deletion: string;

  constructor(kind: string, settings: Settings) {
    this.#kind = kind;
    this.#settings = settings;
    this.#kubeconfig = `${settings.folder}-kubeconfig`;
    this.#deletion = `kind delete cluster --name ${settings.cluster}`;
  }

  /** @throws CommandError where there is one: somebody kept it, or was killed before it was deleted */
  async refuseAnother(): Promise<void> {
    const { cluster } = this.#settings;
    const there = await succeed(this.#kind, ['get', 'clusters']);
    if (!there.split('\n').includes(cluster)) return;
    const ways = [
      `delete it: ${this.#deletion}`,
      `run on it: kind get kubeconfig --name ${cluster} > FILE && make e2e KUBECONFIG=FILE`,
      'make another one: CLUSTER=NAME',
    ];
    throw new CommandError([`there is a kind cluster ${cluster} already`, ...ways].join('\n  '));
  }

  /** @returns path of an administrator's kubeconfig */
  async create(report: Report, signal: AbortSignal): Promise<string> {
    const { cluster, kindConfig, nodeImage } = this.#settings;
    const config = kindConfig === undefined ? [] : ['--config', kindConfig];
    const image = nodeImage === undefined ? [] : ['--image', nodeImage];
    // What there is of one that did not come up is kept until its logs are.
    const options = ['--kubeconfig', this.#kubeconfig, '--wait', '300s', '--retain', ...config, ...image];
    const created = succeed(this.#kind, ['create', 'cluster', '--name', cluster, ...options], { signal });
    await timer(report)(`cluster ${cluster}`, created);
    return this.#kubeconfig;
  }

  /** Writes what its nodes said, the kubelets there and all containers. That some of it cannot be had must not hide why a run failed. */
  async exportLogs(report: Report): Promise<void> {
    const { cluster } = this.#settings;
    const folder = join(this.#settings.folder, 'logs/nodes');
    try {
      await succeed(this.#kind, ['export', 'logs', '--name', cluster, folder]);
      report(`logs of every node: ${folder}`);
    } catch (error) {
      report(`logs of every node: ${folder}, not all of them: ${String(error)}`);
    }
  }

  /** For who kept it. */
  tell(report: Report): void {
    report(`the cluster is kept. Run on it: make e2e KUBECONFIG=${this.#kubeconfig}. Delete it: ${this.#deletion}`);
  }

  async remove(): Promise<void> {
    const { cluster } = this.#settings;
    await succeed(this.#kind, ['delete', 'cluster', '--name', cluster, '--kubeconfig', this.#kubeconfig]);
    await rm(this.#kubeconfig, { force: true });
  }
}

/**
 * kind names the contexts that it writes after their clusters.
 * @throws CommandError for a cluster of another kind: the suite removes namespaces, and takes parts of the mesh away
 */
export function kindName(kubeconfig: string): string {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Readonly<Record<string, unknown>> | null;
  const context = String(config?.['current-context'] ?? '');
  if (context.startsWith(CONTEXT)) return context.slice(CONTEXT.length);
  const wayOut = 'Unset KUBECONFIG to have a cluster made, or name one that kind made.';
  throw new CommandError(
    `the current context of KUBECONFIG, ${context}, is no kind cluster (${CONTEXT}...). ${wayOut}`,
  );
}
