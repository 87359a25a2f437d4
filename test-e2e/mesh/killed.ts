import { withoutPods } from '../kind/without-pods.ts';
import { supervisorId } from './launcher.ts';
import type { MeshInfo } from './mesh-info.ts';
import { signalGroup } from './proc.ts';
import { type ProcessRecord, readRecord } from './supervisor.ts';
import { waitFor } from './wait.ts';

/** Kills parts of the mesh, runs `meanwhile` without them, and waits until they are back. */
export function killed<T>(mesh: MeshInfo, names: string | readonly string[], meanwhile: () => Promise<T>): Promise<T> {
  const all = [names].flat();
  return mesh.cluster === undefined ? killedProcesses(mesh, all, meanwhile) : withoutPods(mesh, all, meanwhile);
}

/** With their children; the supervisor starts them again. */
async function killedProcesses<T>(mesh: MeshInfo, names: readonly string[], meanwhile: () => Promise<T>): Promise<T> {
  const before = names.map((name) => record(mesh, name));
  const supervisor = supervisorId();
  if (supervisor === undefined) throw new Error('the mesh has no supervisor');
  // A supervisor that stands still starts nothing: they are down for as long as `meanwhile` takes.
  signalGroup(supervisor, 'SIGSTOP');
  const result = await Promise.resolve(before.map((one) => signalGroup(one, 'SIGKILL')))
    .then(meanwhile)
    .finally(() => signalGroup(supervisor, 'SIGCONT'));
  for (const { name, pid } of before) {
    const isBack = async () => record(mesh, name).state === 'ready' && record(mesh, name).pid !== pid;
    await waitFor(`${name} is back`, isBack, { timeout: 120_000 });
  }
  return result;
}

/** What the supervisor last said of a process of the mesh. */
export function record(mesh: Pick<MeshInfo, 'processes'>, name: string): ProcessRecord {
  const found = readRecord(mesh.processes).find((row) => row.name === name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}
