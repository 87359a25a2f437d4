import { supervisorId } from './launcher.ts';
import type { MeshInfo } from './mesh-info.ts';
import { signalGroup } from './proc.ts';
import { type ProcessRecord, readRecord } from './supervisor.ts';
import { waitFor } from './wait.ts';

/** Kills a process of the mesh with its children, runs `meanwhile` without it, and waits until the supervisor has it back. */
export async function killed<T>(mesh: MeshInfo, name: string, meanwhile: () => Promise<T>): Promise<T> {
  const before = record(mesh, name);
  const supervisor = supervisorId();
  if (supervisor === undefined) throw new Error('the mesh has no supervisor');
  // A supervisor that stands still starts nothing: the process is down for as long as `meanwhile` takes.
  signalGroup(supervisor, 'SIGSTOP');
  const result = await Promise.resolve(signalGroup(before, 'SIGKILL'))
    .then(meanwhile)
    .finally(() => signalGroup(supervisor, 'SIGCONT'));
  const isBack = async () => record(mesh, name).state === 'ready' && record(mesh, name).pid !== before.pid;
  await waitFor(`${name} is back`, isBack, { timeout: 60_000 });
  return result;
}

/** What the supervisor last said of a process of the mesh. */
export function record(mesh: MeshInfo, name: string): ProcessRecord {
  const found = readRecord(mesh.processes).find((row) => row.name === name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}
