import { type Call, closedLoop, openLoop } from '../load.ts';
import { type Figure, percentile } from '../report.ts';
import { Rounds } from '../rounds.ts';
import type { GuardWorld } from './world.ts';

const SECONDS_OF_MOST = 3;
const SECONDS = 2;
const ROUNDS = 5;

/**
 * How long warm answers take at half of the most that is answered, questions beginning by a fixed schedule. The machine and the load, which
 * share it, have their part in that: a server that decides nothing shows how large, and so does how late questions begin.
 */
export async function latencyFigures({ guard, bare, warm }: GuardWorld): Promise<readonly Figure[]> {
  const [atGuard, atBare] = [warm(guard), warm(bare.http)];
  const most = (await closedLoop(atGuard, { atOnce: 32, seconds: SECONDS_OF_MOST })) / SECONDS_OF_MOST;
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [ofGuard, ofBare] = [await latencies(atGuard, most / 2), await latencies(atBare, most / 2)];
    rounds.push({ ...ofGuard, bareP50: ofBare.p50, bareP99: ofBare.p99 });
  }
  const measured = new Rounds(rounds);
  const half = 'edge, known, at half of that';
  const bareHttp = 'a bare node:http handler, asked as often';
  return [
    { name: 'edge, known, most that is answered', value: Math.round(most), unit: '/s' },
    measured.figure('p50', `${half}, p50`, 'ms'),
    measured.figure('bareP50', `${bareHttp}, p50`, 'ms'),
    measured.figure('p99', `${half}, p99`, 'ms'),
    measured.figure('bareP99', `${bareHttp}, p99`, 'ms'),
    measured.figure('late', `${half}, begun late by the load, p99`, 'ms'),
  ];
}

async function latencies(call: Call, perSecond: number) {
  const calls = await openLoop(call, { perSecond, seconds: SECONDS });
  const took = calls.map((one) => one.took);
  const late = calls.map((one) => one.late);
  return { p50: percentile(took, 0.5), p99: percentile(took, 0.99), late: percentile(late, 0.99) };
}
