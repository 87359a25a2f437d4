import type { Seen, Step } from '../../story/step.ts';
import { REGION_NAMES, type RegionName } from '../regions-info.ts';
import type { RegionsContext } from './context.ts';
import { tellMs, until } from './seen.ts';

/** Nothing is left to be told, and nobody is behind. */
export const atRest: Step<RegionsContext> = {
  title: 'nothing waits any more, and nobody is behind',
  expected: REGION_NAMES.map((name) => `${name}: nothing waits, up to date`).join('; '),
  run: async (context) => {
    const began = performance.now();
    const states = await Promise.all(REGION_NAMES.map((name) => state(context, name)));
    return { came: states.join('; '), measured: `after ${tellMs(performance.now() - began)}` };
  },
};

/** Heartbeats come every few seconds. */
const UP_TO_DATE_SECONDS = 5;

async function state(context: RegionsContext, region: RegionName): Promise<string> {
  const { came } = await untilNothingWaits(context, region);
  const known = await until('up to date', async () => {
    const { regions } = await context.administrators[region].regions();
    const isKnown = regions.every(({ behindSeconds = Number.POSITIVE_INFINITY }) => behindSeconds < UP_TO_DATE_SECONDS);
    return isKnown ? 'up to date' : 'behind';
  });
  return `${region}: ${came}, ${known.came}`;
}

export function untilNothingWaits({ administrators }: RegionsContext, region: RegionName): Promise<Seen> {
  return until('nothing waits', async () => {
    const { waiting } = (await administrators[region].regions()).sync;
    return waiting === 0 ? 'nothing waits' : `${waiting} wait`;
  });
}
