import { inParallel } from '../in-parallel.ts';
import { type Figure, percentile } from '../report.ts';
import { asking, edgeQuestions, type GuardWorld } from './world.ts';

const ROUNDS = 7;
/** Until what verifies, reads and signs is compiled, by threads that count as the guard's. */
const WARM_UP_ROUNDS = 4;
/** A token and a session each that the guard has never seen. */
const PEOPLE_OF_ROUND = 2_000;
const AT_ONCE = 32;

/** First requests of people: the signature verified, the session read from Valkey, a narrow token signed. */
export async function coldFigures({ guard, people }: GuardWorld): Promise<readonly Figure[]> {
  await using opened = new AsyncDisposableStack();
  const rates: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const questions = edgeQuestions(await people(PEOPLE_OF_ROUND));
    const ask = asking(guard, questions, opened);
    const before = guard.cpuSeconds();
    await inParallel(questions, AT_ONCE, ask);
    if (round >= WARM_UP_ROUNDS) rates.push(questions.length / (guard.cpuSeconds() - before));
  }
  return [
    {
      name: 'edge, token and session never seen, per CPU-second',
      ...{ value: percentile(rates, 0.5), unit: '/s', spread: [percentile(rates, 0.25), percentile(rates, 0.75)] },
      target: { relation: '>=', value: 3_000 },
    },
  ];
}
