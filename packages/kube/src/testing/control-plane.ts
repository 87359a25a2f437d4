import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export type ServerName = 'etcd' | 'kube-apiserver';

interface Serving {
  readonly kubeconfig: string;
  readonly processes: string;
}

/** What to fork for one, as the set-up of the integration tests provides it. */
export interface ControlPlaneOrder {
  readonly program: string;
  readonly order: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A kube-apiserver with its etcd that no other test uses. */
export class ControlPlane {
  readonly kubeconfig: string;
  readonly #supervisor: ChildProcess;
  readonly #processes: string;

  private constructor(supervisor: ChildProcess, { kubeconfig, processes }: Serving) {
    this.#supervisor = supervisor;
    this.kubeconfig = kubeconfig;
    this.#processes = processes;
  }

  static async start({ program, order, env }: ControlPlaneOrder): Promise<ControlPlane> {
    const supervisor = fork(program, [order], { env, stdio: ['ignore', 2, 2, 'ipc'] });
    const serving = once(supervisor, 'message');
    const failed = once(supervisor, 'exit').then(() =>
      Promise.reject(new Error('the API server could not be started')),
    );
    const [told] = await Promise.race([serving, failed]);
    failed.catch(() => undefined);
    return new ControlPlane(supervisor, told);
  }

  /** Kills a server, and has it start again only after `meanwhile`. */
  async killed<T>(name: ServerName, meanwhile: () => Promise<T>): Promise<T> {
    // A supervisor that stands still starts nothing.
    this.#supervisor.kill('SIGSTOP');
    try {
      this.#signal(name, 'SIGKILL');
      return await meanwhile();
    } finally {
      this.#supervisor.kill('SIGCONT');
    }
  }

  /** Has a server stand still during `meanwhile`: its connections stay open, and nothing answers. */
  async frozen<T>(name: ServerName, meanwhile: () => Promise<T>): Promise<T> {
    this.#signal(name, 'SIGSTOP');
    try {
      return await meanwhile();
    } finally {
      this.#signal(name, 'SIGCONT');
    }
  }

  async close(): Promise<void> {
    const exited = once(this.#supervisor, 'exit');
    this.#supervisor.disconnect();
    await exited;
  }

  #signal(name: ServerName, signal: NodeJS.Signals): void {
    const records: readonly { name: string; pid: number }[] = JSON.parse(readFileSync(this.#processes, 'utf8'));
    const found = records.find((record) => record.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    // Each leads a group of its own.
    process.kill(-found.pid, signal);
  }
}
