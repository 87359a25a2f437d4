import { join, resolve } from 'node:path';

export const REPOSITORY = resolve(import.meta.dirname, '../..');
/** Everything that runs leave behind: logs, evidence, figures. Ignored by git. */
export const LOCAL = join(REPOSITORY, '.local');

/** The files of one mesh. */
export interface MeshPaths {
  readonly folder: string;
  readonly logs: string;
  readonly kubeconfig: string;
  readonly processes: string;
  /** Identifies the supervising process. */
  readonly daemon: string;
  /** What tests and people need to know; there only while the mesh is ready. */
  readonly mesh: string;
  /** What the supervising process says while it starts. */
  readonly output: string;
}

export function meshPaths(folder: string = join(LOCAL, 'mesh')): MeshPaths {
  return {
    folder,
    logs: join(folder, 'logs'),
    kubeconfig: join(folder, 'kubeconfig'),
    processes: join(folder, 'processes.json'),
    daemon: join(folder, 'daemon.json'),
    mesh: join(LOCAL, 'mesh.json'),
    output: join(folder, 'daemon.log'),
  };
}
