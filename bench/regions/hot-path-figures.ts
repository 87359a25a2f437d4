import { hostOf } from '@sekisho/test-e2e/regions';
import { questionBytes } from '../edge/question.ts';
import { asking } from '../edge/world.ts';
import { warmUp } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import { logIns, type RegionsWorld, type Side } from './world.ts';

const KNOWN = 100;
const ROUND = { atOnce: 32, seconds: 1 };
const WARM_UP_CALLS = 20_000;

/** What the guard answers about tokens and sessions that it knows, in a region and without regions. */
export async function hotPathFigures(
  { regional, single }: RegionsWorld,
  opened: AsyncDisposableStack,
): Promise<readonly Figure[]> {
  const calls = {
    regional: { server: regional.guard, call: await known(regional, opened) },
    single: { server: single.guard, call: await known(single, opened) },
  };
  for (const { call } of Object.values(calls)) await warmUp(call, WARM_UP_CALLS, ROUND.atOnce);
  const cost = (name: keyof typeof calls) => async () =>
    1e6 / (await perCpuSecond(calls[name].server, calls[name].call, ROUND));
  const measured = await inTurns({ single: cost('single'), regional: cost('regional') }, { warmUp: 1, rounds: 9 });
  const [one, many] = ['known token and session, without regions', 'known token and session, in a region'];
  return [
    measured.figure('single', `${one}, CPU of an answer`, 'us'),
    measured.figure('regional', `${many}, CPU of an answer`, 'us'),
    { ...measured.ratio('regional', 'single', many), against: one, target: { relation: '<=', value: 1.05 } },
  ];
}

async function known(side: Side, opened: AsyncDisposableStack) {
  const questions = (await logIns(side, KNOWN)).map(({ access_token: token }) =>
    questionBytes({ place: 'edge', host: hostOf('orders'), token }),
  );
  return asking(side.guard, questions, opened);
}
