import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import type { Toolchain } from '../toolchain/index.ts';
import { startControlPlane } from './control-plane.ts';

/**
 * A program that a test forks for an API server that it may kill and freeze: another etcd and kube-apiserver, which end with the
 * channel to the test. It supervises them, so they come back when they are killed, unless it stands still itself.
 */
export interface PrivateOrder {
  readonly tools: Pick<Toolchain, 'etcd' | 'kubeApiserver'>;
  /** Of the test run, which ends and removes what is left below it. */
  readonly folder: string;
}

/** What it tells when both serve. */
export interface PrivateControlPlane {
  readonly kubeconfig: string;
  /** The record of the two processes, see `ProcessRecord`. */
  readonly processes: string;
}

async function main({ tools, folder: run }: PrivateOrder): Promise<void> {
  const folder = await mkdtemp(join(run, 'private-'));
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const processes = join(folder, 'processes.json');
  const supervisor = new Supervisor(processes, run);
  process.once('disconnect', async () => {
    await supervisor.stop();
    process.exit(0);
  });
  const context = { folder, logs, addresses: new Addresses(folder) };
  const kubeconfig = await startControlPlane(tools, context, supervisor);
  process.send?.({ kubeconfig, processes } satisfies PrivateControlPlane);
}

await main(JSON.parse(process.argv[2] ?? ''));
