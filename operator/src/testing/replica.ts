import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { kubeconfigOf } from '@sekisho/kube/testing';

const MAIN = new URL('../main.ts', import.meta.url).pathname;

export interface ReplicaOptions {
  readonly name: string;
  readonly server: string;
  /** Of the Lease. */
  readonly namespace: string;
  /** @default it writes without asking anyone */
  readonly leaseSeconds?: number;
}

/** The operator as a process of its own, as a pod runs it. */
export class Replica {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exit: Promise<unknown>;
  readonly log: string[] = [];

  private constructor(name: string, child: ChildProcess, folder: string) {
    this.name = name;
    this.#child = child;
    this.#folder = folder;
    this.#exit = once(child, 'exit');
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.log.push(line));
    if (child.stderr) createInterface(child.stderr).on('line', (line) => this.log.push(line));
  }

  static async start({ name, server, namespace, leaseSeconds }: ReplicaOptions): Promise<Replica> {
    const folder = await mkdtemp(join(tmpdir(), 'replica-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigOf(server, 'set-by-the-journal'));
    const env = {
      KUBECONFIG: kubeconfig,
      OPERATOR_LISTEN: '127.0.0.1:0',
      POD_NAME: name,
      POD_NAMESPACE: namespace,
      LEADER_ELECTION: String(leaseSeconds !== undefined),
      ...(leaseSeconds !== undefined && { LEASE_DURATION_SECONDS: String(leaseSeconds) }),
    };
    return new Replica(name, spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] }), folder);
  }

  /** Whether GET /readyz answers 200. */
  async ready(): Promise<boolean> {
    return this.#url !== undefined && (await fetch(`${this.#url}/readyz`)).ok;
  }

  /** Whether it says of itself that it leads. */
  async leads(): Promise<boolean> {
    return (await (await fetch(`${this.#url}/metrics`)).text()).includes('\nsekisho_leader 1\n');
  }

  /** Where it serves, which it chose itself and told in its log. */
  get #url(): string | undefined {
    const started = this.log.find((line) => line.includes('"operator started"'));
    if (started === undefined) return undefined;
    const { listen } = JSON.parse(started) as { listen: { host: string; port: number } };
    return `http://${listen.host}:${listen.port}`;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code; null after a kill. */
  async exited(): Promise<number | null> {
    await this.#exit;
    return this.#child.exitCode;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal('SIGKILL');
    await this.#exit;
    await rm(this.#folder, { recursive: true });
  }
}
