import { inParallel } from '../in-parallel.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { HEAP_PROBE } from '../server-process.ts';
import { startGuard } from './guard-process.ts';
import { asking, edgeQuestions, type GuardWorld } from './world.ts';

const AT_ONCE = 32;
/** After which code and tables are there. */
const FIRST = 1_000;

/** What so many live sessions, each with a token that was exchanged, leave in a guard that is new; and how it answers then. */
export async function memoryFigures(world: GuardWorld, count: number): Promise<readonly Figure[]> {
  const questions = edgeQuestions(await world.people(count));
  const guard = await startGuard(world, { nodeArgs: HEAP_PROBE });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => guard.stop());
  const ask = asking(guard, questions, opened);
  await inParallel(questions.slice(0, FIRST), AT_ONCE, ask);
  const before = await guard.retainedHeap();
  await inParallel(questions.slice(FIRST), AT_ONCE, ask);
  const bytes = (await guard.retainedHeap()) - before;
  const resident = guard.residentBytes();
  const again = await perCpuSecond(guard, ask, { atOnce: AT_ONCE, seconds: 5 });
  const all = `${count} sessions at one guard`;
  return [
    { name: `${all}, heap of each`, value: Math.round(bytes / (count - FIRST)), unit: 'bytes' },
    { name: `${all}, heap of all`, value: Math.round(bytes / 1024 / 1024), unit: 'MiB' },
    { name: `${all}, resident`, value: Math.round(resident / 1024 / 1024), unit: 'MiB' },
    { name: `${all}, asked in turn, per CPU-second`, value: Math.round(again), unit: '/s' },
  ];
}
