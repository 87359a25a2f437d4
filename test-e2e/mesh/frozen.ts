import { record } from './killed.ts';
import type { MeshInfo } from './mesh-info.ts';
import { childrenOf } from './proc.ts';

/** Stops a process of the mesh where it stands, with its children, runs `meanwhile`, and lets it go on. */
export async function frozen<T>(
  mesh: Pick<MeshInfo, 'processes'>,
  name: string,
  meanwhile: () => Promise<T>,
): Promise<T> {
  return withStopped([record(mesh, name).pid], meanwhile);
}

/** The same for an Envoy alone: its pilot-agent, which speaks to istiod for it, goes on. */
export async function frozenEnvoy<T>(mesh: MeshInfo, workload: string, meanwhile: () => Promise<T>): Promise<T> {
  const envoys = childrenOf(record(mesh, `proxy-${workload}`).pid ?? 0);
  if (envoys.length === 0) throw new Error(`pilot-agent of ${workload} has no Envoy`);
  return withStopped(envoys, meanwhile);
}

async function withStopped<T>(pids: readonly (number | undefined)[], meanwhile: () => Promise<T>): Promise<T> {
  const known = pids.filter((pid) => pid !== undefined);
  for (const pid of known) process.kill(pid, 'SIGSTOP');
  try {
    return await meanwhile();
  } finally {
    for (const pid of known) process.kill(pid, 'SIGCONT');
  }
}
