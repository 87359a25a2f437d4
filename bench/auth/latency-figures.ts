import { type Call, closedLoop, openLoop } from '../load.ts';
import { type Figure, percentile } from '../report.ts';
import type { World } from './world.ts';

interface Load {
  readonly title: string;
  readonly call: Call;
  /** To find the most that is answered. */
  readonly atOnce: number;
  /** At half of that. */
  readonly seconds: number;
}

const SECONDS_OF_ALL = 3;

/** How long answers take at half of the most that is answered, requests beginning by a fixed schedule. */
export async function latencyFigures({ tokens, logIn }: World): Promise<readonly Figure[]> {
  const loads: readonly Load[] = [
    { title: 'client credentials', call: tokens.secret, atOnce: 16, seconds: 5 },
    { title: 'refresh', call: tokens.refresh, atOnce: 16, seconds: 5 },
    { title: 'log-in', call: logIn, atOnce: 8, seconds: 10 },
  ];
  const figures: Figure[] = [];
  for (const load of loads) figures.push(...(await atHalf(load)));
  return figures;
}

async function atHalf({ title, call, atOnce, seconds }: Load): Promise<readonly Figure[]> {
  const most = (await closedLoop(call, { atOnce, seconds: SECONDS_OF_ALL })) / SECONDS_OF_ALL;
  const calls = await openLoop(call, { perSecond: most / 2, seconds });
  const at = (p: number, name: string): Figure => ({
    name: `${title} at half of that, ${name}`,
    value: percentile(
      calls.map(({ took }) => took),
      p,
    ),
    unit: 'ms',
  });
  return [
    { name: `${title}, most that is answered`, value: Math.round(most), unit: '/s' },
    at(0.5, 'p50'),
    at(0.99, 'p99'),
  ];
}
