import { readdirSync, readFileSync } from 'node:fs';

/** A process and when the kernel started it: a pid alone may be another program by the time it is read back. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat (proc(5)). */
  readonly startTime: number;
}

/** Identifies a live process; undefined when there is none, or only its zombie. */
export function identify(pid: number): ProcessId | undefined {
  try {
    // The command name (field 2) may hold spaces and brackets: fields are counted from the last ")".
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, startTime: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.startTime === id.startTime;
}

/** The environment variable that every process of a mesh carries, and hands down: the mesh's folder. */
export const MESH_MARK = 'SEKISHO_MESH';

/** Every live process that carries the mark of `folder`, whoever its parent is by now. Processes of other users are not seen. */
export function processesOf(folder: string): readonly ProcessId[] {
  const mark = `${MESH_MARK}=${folder}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark))
    .flatMap((name) => identify(Number(name)) ?? []);
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // gone meanwhile, or another user's
  }
}

/** Resident memory in bytes, 0 when the process is gone. */
export function residentBytes(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The pids of a process' children. Each thread lists those that it started (proc(5)), and Go starts them from any thread. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
    return lists.join(' ').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Signals the whole process group that `id` leads. A group that is gone is no error. */
export function signalGroup(id: ProcessId, signal: NodeJS.Signals): void {
  try {
    process.kill(-id.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
