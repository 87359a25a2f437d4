import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import { rate, tokenCalls } from '../tokens/calls.ts';

/** Narrow tokens against the bare signature, in this process: what the edge can mint. */
export async function mintFigures(): Promise<readonly Figure[]> {
  const calls = await tokenCalls();
  const measured = await inTurns(
    { sign: () => rate(calls['raw sign']), narrow: () => rate(calls['narrow token']) },
    { warmUp: 5, rounds: 9 },
  );
  const against = 'the raw ES256 signature';
  return [
    measured.figure('sign', `${against}, per CPU-second`, '/s'),
    measured.figure('narrow', 'narrow token, per CPU-second', '/s'),
    { ...measured.ratio('narrow', 'sign', 'narrow token'), against, target: { relation: '>=', value: 0.6 } },
  ];
}
