import { processesIn } from '@sekisho/test-e2e/mesh';
import { cpuSeconds } from '../cpu.ts';
import { type Call, closedLoop } from '../load.ts';

export interface WayOptions {
  readonly call: Call;
  /** Processes that each request passes, by their names in these lists. */
  readonly through: readonly string[];
  readonly lists: readonly string[];
}

/** What a way of requests cost in one round. */
export interface Cost {
  readonly perSecond: number;
  /** Microseconds of CPU that a request takes of each process, in the order of `through`. */
  readonly micros: readonly number[];
}

const ROUND = { atOnce: 16, seconds: 2 };

/** Puts load on a way, and reads what the processes on it spent. */
export async function costOf({ call, through, lists }: WayOptions): Promise<Cost> {
  const running = lists.flatMap(processesIn);
  const pids = through.map((name) => {
    const found = running.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found.pid;
  });
  // What changed before is over, and connections are open.
  await closedLoop(call, { ...ROUND, seconds: 0.5 });
  const [before, began] = [pids.map(cpuSeconds), performance.now()];
  const answered = await closedLoop(call, ROUND);
  const seconds = (performance.now() - began) / 1000;
  const micros = pids.map((pid, index) => ((cpuSeconds(pid) - (before[index] ?? 0)) * 1e6) / answered);
  return { perSecond: answered / seconds, micros };
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
