import { hostOf } from '@sekisho/test-e2e/regions';
import { CheckClient } from '../edge/check-client.ts';
import { questionBytes } from '../edge/question.ts';
import { type Figure, percentile } from '../report.ts';
import { logIns, type RegionsWorld } from './world.ts';

const COUNT = 200;
const LONGEST_MS = 30_000;

/** From the answer to a log-out in tokyo until the guard of osaka refuses the token, which it let pass before. */
export async function propagationFigures(
  { regions, regional }: RegionsWorld,
  opened: AsyncDisposableStack,
): Promise<readonly Figure[]> {
  const guard = new CheckClient(regions.info.regions.osaka.guard);
  opened.defer(() => guard.close());
  const took: number[] = [];
  for (const { access_token: token } of await logIns(regional, COUNT)) {
    const question = questionBytes({ place: 'edge', host: hostOf('orders'), token });
    const passes = () => guard.ask(question).then(() => true);
    await untilPassing(passes);
    const headers = { authorization: `Bearer ${token}` };
    const request = { method: 'DELETE', path: '/v1/sessions/current', headers, expect: 204 } as const;
    await regional.platform.http.send(request);
    const answeredAt = performance.now();
    while (await passes().catch(() => false)) {
      if (performance.now() - answeredAt > LONGEST_MS) throw new Error('a log-out did not reach osaka');
    }
    took.push(performance.now() - answeredAt);
  }
  const name = 'log-out, from its answer in tokyo to the denial in osaka';
  return [
    { name: `${name}, p50`, value: percentile(took, 0.5), unit: 'ms' },
    { name: `${name}, p99`, value: percentile(took, 0.99), unit: 'ms', target: { relation: '<=', value: 1_000 } },
    { name: `${name}, longest of ${COUNT}`, value: Math.max(...took), unit: 'ms' },
  ];
}

/** It has just been told. */
async function untilPassing(passes: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  while (!(await passes().catch(() => false))) {
    if (performance.now() > end) throw new Error('a session did not reach osaka');
  }
}
