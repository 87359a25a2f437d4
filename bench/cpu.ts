import { readdirSync, readFileSync } from 'node:fs';

/** The unit in which the kernel tells every program of CPU time, on all of today's platforms (proc(5)). */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used with all its threads, in its own code and in the kernel. */
export function cpuSeconds(pid: number): number {
  return secondsIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The same of one part of its threads: that which runs JavaScript, or those of libuv's pool. */
export function threadSeconds(pid: number, part: 'event loop' | 'pool'): number {
  const stats = readdirSync(`/proc/${pid}/task`)
    .filter((thread) => part === 'pool' || Number(thread) === pid)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
    .filter((stat) => part === 'event loop' || stat.includes('(libuv-worker)'));
  return stats.reduce((sum, stat) => sum + secondsIn(stat), 0);
}

function secondsIn(stat: string): number {
  // The command name (field 2) may hold spaces and brackets: fields are counted from the last ")".
  const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/** Of this process, in microseconds' resolution. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
