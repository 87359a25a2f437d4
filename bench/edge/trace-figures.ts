import { warmUp } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import { startSink } from './collector-sink.ts';
import { startGuard } from './guard-process.ts';
import type { GuardWorld } from './world.ts';

const ROUND = { atOnce: 32, seconds: 1 };
const WARM_UP_CALLS = 10_000;
const IN_A_HUNDRED = 100;

/** Spans are delivered within the round in which they were recorded. */
const DELIVERED_AFTER_MS = '100';

/**
 * What a known token costs a guard that records traces, against one that does not, by how many of its questions are recorded. Each is a guard of its
 * own: one that had just recorded everything would deliver it, and run code that was compiled for it, while it is asked for nothing of the kind.
 */
export async function traceFigures(world: GuardWorld, opened: AsyncDisposableStack): Promise<readonly Figure[]> {
  const sink = await startSink();
  opened.defer(() => sink.stop());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: DELIVERED_AFTER_MS };
  const recording = async (inAHundred: number) => {
    const server = await startGuard(world, { env });
    opened.defer(() => server.stop());
    return { server, call: world.traced(server, traceparents(inAHundred)) };
  };
  const calls = {
    off: { server: world.guard, call: world.traced(world.guard, traceparents(0)) },
    unsampled: await recording(0),
    one: await recording(1),
    all: await recording(IN_A_HUNDRED),
  };
  for (const { call } of Object.values(calls)) await warmUp(call, WARM_UP_CALLS, ROUND.atOnce);
  const rate = (name: keyof typeof calls) => () => perCpuSecond(calls[name].server, calls[name].call, ROUND);
  const measures = { off: rate('off'), unsampled: rate('unsampled'), one: rate('one'), all: rate('all') };
  const measured = await inTurns(measures, { warmUp: 1, rounds: 7 });
  if (sink.received === 0) throw new Error('no span was delivered');
  const off = 'a guard that records no traces';
  return [
    measured.figure('off', `${off}, per CPU-second`, '/s'),
    {
      ...measured.ratio('unsampled', 'off', 'traces on, none recorded'),
      against: off,
      target: { relation: '>=', value: 0.95 },
    },
    { ...measured.ratio('one', 'off', 'traces on, 1 in 100 recorded'), against: off },
    { ...measured.ratio('all', 'off', 'traces on, all recorded'), against: off },
  ];
}

/** Headers of a hundred traces, so many of them recorded. */
function traceparents(recorded: number): readonly string[] {
  return Array.from({ length: IN_A_HUNDRED }, (_, index) => {
    const id = String(index + 1).padStart(16, '0');
    return `00-${id}${id}-${id}-${index < recorded ? '01' : '00'}`;
  });
}
