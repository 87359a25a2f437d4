import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import { Addresses } from './addresses.ts';
import type { Cluster } from './cluster.ts';
import type { ServerContext } from './control-plane.ts';
import { endLeftovers, killMarked } from './leftovers.ts';
import { LOCAL } from './paths.ts';
import { remove } from './remove.ts';
import { Supervisor } from './supervisor.ts';

/** Where a guest of the mesh keeps logs and credentials, and what runs there. */
export interface GuestPlace {
  readonly context: ServerContext;
  readonly supervisor: Supervisor;
  /** Path of the list of its processes. */
  readonly processes: string;
}

/** An empty place, of which nothing is left once `opened` is disposed. What a run that was killed left there is ended first. */
export async function openPlace(opened: AsyncDisposableStack, name: string): Promise<GuestPlace> {
  const folder = join(LOCAL, 'guests', name);
  await endLeftovers(folder);
  await rm(folder, { recursive: true, force: true });
  const logs = join(folder, 'logs');
  await mkdir(logs, { recursive: true });
  process.once('exit', () => killMarked(folder));
  const processes = join(folder, 'processes.json');
  const supervisor = new Supervisor(processes, folder);
  opened.defer(() => supervisor.stop());
  return { context: { folder, logs, addresses: new Addresses(folder) }, supervisor, processes };
}

/** Applies manifests, and removes them in the opposite order once `opened` is disposed. */
export async function applyFor(
  opened: AsyncDisposableStack,
  cluster: Cluster,
  manifests: readonly Manifest[],
): Promise<void> {
  for (const manifest of manifests) {
    opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
}
