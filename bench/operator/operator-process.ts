import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import { type BareCluster, sumOf, waitFor } from '@sekisho/test-e2e/mesh';

const MAIN = resolve(import.meta.dirname, '../../operator/src/main.ts');
const PROBE = resolve(import.meta.dirname, '../probe.ts');
/** No Envoy ever reads it: one that gives no reason to warn. */
export const MESH_CONFIG = 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }\n';

/** The operator as it is deployed, in a process of its own, and what it says of itself. */
export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** Resolves when it is ready. */
  static async start(
    { kubeconfig, folder, mark }: BareCluster,
    meshConfig: string,
    execArgv: readonly string[] = [],
  ): Promise<OperatorProcess> {
    const listen = `127.0.0.1:${await freePort()}`;
    const log = openSync(join(folder, 'logs/operator.log'), 'a');
    const env = {
      ...mark,
      KUBECONFIG: kubeconfig,
      OPERATOR_LISTEN: listen,
      MESH_CONFIG_FILE: meshConfig,
      LEADER_ELECTION: 'true',
      POD_NAMESPACE: 'default',
    };
    const args = ['--expose-gc', '--import', PROBE, ...execArgv];
    const child = fork(MAIN, { execArgv: args, env, stdio: ['ignore', log, log, 'ipc'] });
    const started = new OperatorProcess(child, `http://${listen}`);
    await waitFor('the operator is ready', async () => (await fetch(`${started.#url}/readyz`)).ok, {
      timeout: 60_000,
    });
    return started;
  }

  /** Ends it as a rollout would. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  /** The sum of a metric over all series whose labels hold every one of `labels`, such as `queue="policies"`. */
  async metric(name: string, ...labels: readonly string[]): Promise<number> {
    return sumOf(await (await fetch(`${this.#url}/metrics`)).text(), name, labels);
  }

  /** Bytes of the JavaScript heap that are still reachable. */
  async retainedHeap(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('heap');
    return Number((await answer)[0]);
  }
}
