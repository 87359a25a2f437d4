import { closedLoop, openLoop } from '../load.ts';
import { type Figure, percentile } from '../report.ts';
import type { GuardWorld } from './world.ts';

const SECONDS = 3;

/** How long warm answers take at half of the most that is answered, questions beginning by a fixed schedule. */
export async function latencyFigures({ guard, warm }: GuardWorld): Promise<readonly Figure[]> {
  const call = warm(guard);
  const most = (await closedLoop(call, { atOnce: 32, seconds: SECONDS })) / SECONDS;
  const took = await openLoop(call, { perSecond: most / 2, seconds: SECONDS });
  const at = (p: number, name: string): Figure => ({
    name: `edge, known, at half of that, ${name}`,
    value: percentile(took, p),
    unit: 'ms',
  });
  return [
    { name: 'edge, known, most that is answered', value: Math.round(most), unit: '/s' },
    at(0.5, 'p50'),
    at(0.99, 'p99'),
  ];
}
