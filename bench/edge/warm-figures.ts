import { warmUp } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import type { GuardWorld } from './world.ts';

const ROUND = { atOnce: 32, seconds: 1 };
const WARM_UP_CALLS = 20_000;

/** What the guard answers about tokens and sessions that it knows, against servers that decide nothing. */
export async function warmFigures({ guard, bare, warm, hop }: GuardWorld): Promise<readonly Figure[]> {
  const calls = {
    http: { server: bare.http, call: warm(bare.http) },
    fastify: { server: bare.fastify, call: warm(bare.fastify) },
    edge: { server: guard, call: warm(guard) },
    hop: { server: guard, call: hop },
  };
  for (const { call } of Object.values(calls)) await warmUp(call, WARM_UP_CALLS, ROUND.atOnce);
  const rate = (name: keyof typeof calls) => () => perCpuSecond(calls[name].server, calls[name].call, ROUND);
  const measures = { http: rate('http'), fastify: rate('fastify'), edge: rate('edge'), hop: rate('hop') };
  const measured = await inTurns(measures, { warmUp: 1, rounds: 9 });
  const [fastify, http] = ['a bare fastify handler', 'a bare node:http handler'];
  const [edge, atHop] = ['edge, known token and session', 'hop, known token and session'];
  return [
    measured.figure('http', `${http}, per CPU-second`, '/s'),
    measured.figure('fastify', `${fastify}, per CPU-second`, '/s'),
    { ...measured.figure('edge', `${edge}, per CPU-second`, '/s'), target: { relation: '>=', value: 25_000 } },
    { ...measured.ratio('edge', 'fastify', edge), against: fastify, target: { relation: '>=', value: 0.5 } },
    { ...measured.ratio('edge', 'http', edge), against: http },
    measured.figure('hop', `${atHop}, per CPU-second`, '/s'),
    { ...measured.ratio('hop', 'fastify', atHop), against: fastify },
  ];
}
