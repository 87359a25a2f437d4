import { FRAMEWORKS, type Framework } from './identity/applications.ts';
import { type Application, createWorld } from './identity/world.ts';
import { warmUp } from './load.ts';
import { perCpuSecond } from './rate.ts';
import { createSections, type Figure, publish } from './report.ts';
import { inTurns } from './rounds.ts';

/**
 * What `@sekisho/identity` takes of a service: on each framework the same route without it, with it and a guard, and with the second
 * verification of the token. Requests per second of the server's CPU, each the median of rounds that take turns. Judged by
 * people: there is no target.
 */
const LOAD = { atOnce: 16, seconds: 0.5 };
const WARM_UP_CALLS = 2_000;
/** Many times each token. */
const CALLS_BETWEEN_HEAPS = 10_000;

await using opened = new AsyncDisposableStack();
const world = await createWorld(opened);
const { figures, section } = createSections();
for (const framework of FRAMEWORKS) {
  await section(framework, async () => measure(framework, await world.start(framework)));
}
publish('identity', figures, ['1,000 tokens in turn; the load is no part of the CPU that is counted']);

async function measure(framework: Framework, { server, calls }: Application): Promise<readonly Figure[]> {
  for (const call of Object.values(calls)) await warmUp(call, WARM_UP_CALLS, LOAD.atOnce);
  const measured = await inTurns(
    {
      bare: () => perCpuSecond(server, calls.bare, LOAD),
      identity: () => perCpuSecond(server, calls.identity, LOAD),
      verified: () => perCpuSecond(server, calls.verified, LOAD),
    },
    { warmUp: 1, rounds: 5 },
  );
  const before = await server.retainedHeap();
  await warmUp(calls.verified, CALLS_BETWEEN_HEAPS, LOAD.atOnce);
  const grown = (await server.retainedHeap()) - before;
  const against = 'a bare handler';
  return [
    measured.figure('bare', `${framework}: ${against}, per CPU-second`, '/s'),
    { ...measured.ratio('identity', 'bare', `${framework}: identity and a guard`), against },
    { ...measured.ratio('verified', 'bare', `${framework}: the same with its own verification`), against },
    { name: `${framework}: heap after ${CALLS_BETWEEN_HEAPS} more requests`, value: grown / 1024, unit: 'KiB more' },
  ];
}
