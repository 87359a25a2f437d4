import { supervisorId } from './launcher.ts';
import type { MeshInfo } from './mesh-info.ts';
import { signalGroup } from './proc.ts';
import { type ProcessRecord, readRecord } from './supervisor.ts';
import { waitFor } from './wait.ts';

/** Kills processes of the mesh with their children, runs `meanwhile` without them, and waits until the supervisor has them back. */
export async function killed<T>(
  mesh: MeshInfo,
  names: string | readonly string[],
  meanwhile: () => Promise<T>,
): Promise<T> {
  const before = [names].flat().map((name) => record(mesh, name));
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
export function record(mesh: MeshInfo, name: string): ProcessRecord {
  const found = readRecord(mesh.processes).find((row) => row.name === name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
}
