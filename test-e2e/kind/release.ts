import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_NAMESPACE } from '@sekisho/cdk8s';
import { REPOSITORY } from '../mesh/paths.ts';
import { succeed } from './commands.ts';

const NAME = 'sekisho';
const CHART = join(REPOSITORY, 'charts/sekisho');
const WAIT = ['--wait', '--timeout', '15m'];
/** `replicas` are an autoscaler's for as long as there is one, and Kubernetes refuses to take them from it otherwise. */
const TAKE_OVER = '--force-conflicts';

export interface HelmTarget {
  readonly kubeconfig: string;
  /** The program. */
  readonly helm: string;
  /** Where what belongs to this run is written. */
  readonly folder: string;
}

/** The chart as it is installed in the suite's cluster, through Helm as an administrator would. Each verb answers when all of it is ready. */
export class Release {
  readonly #target: HelmTarget;
  readonly #values: string;

  constructor(target: HelmTarget) {
    this.#target = target;
    this.#values = join(target.folder, 'values.json');
  }

  /** Keeps the values for the verbs that follow, also those of other processes. */
  async configure(values: object): Promise<void> {
    await writeFile(this.#values, JSON.stringify(values, undefined, 2));
  }

  /** Installs, or upgrades. @param settings `key=value` each, over the values that were configured */
  async upgrade(settings: readonly string[] = []): Promise<void> {
    const set = settings.flatMap((setting) => ['--set', setting]);
    await this.#helm(['upgrade', NAME, CHART, '--install', '--values', this.#values, ...set, TAKE_OVER, ...WAIT]);
  }

  /** To the revision before. */
  async rollback(): Promise<void> {
    await this.#helm(['rollback', NAME, TAKE_OVER, ...WAIT]);
  }

  async uninstall(): Promise<void> {
    await this.#helm(['uninstall', NAME, '--ignore-not-found', ...WAIT]);
  }

  async #helm(args: readonly string[]): Promise<void> {
    const { helm, kubeconfig } = this.#target;
    await succeed(helm, [...args, '--namespace', PLATFORM_NAMESPACE, '--kubeconfig', kubeconfig]);
  }
}
