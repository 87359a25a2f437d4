import { warmUp } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import type { World } from './world.ts';

const ROUND = { atOnce: 16, seconds: 1 };
const WARM_UP_CALLS = 1_500;

/** The token endpoint and the refresh of a log-in, against a bare handler and a bare oidc-provider. */
export async function tokenFigures({
  auth,
  tokens,
  refreshOwn,
  bareProvider,
  bareFastify,
}: World): Promise<readonly Figure[]> {
  const own = auth.process;
  const ofProvider = [bareProvider.secret, bareProvider.key, bareProvider.refresh];
  for (const call of [bareFastify.call, ...ofProvider, tokens.secret, tokens.key, tokens.refresh, refreshOwn])
    await warmUp(call, WARM_UP_CALLS, ROUND.atOnce);
  const measured = await inTurns(
    {
      bare: () => perCpuSecond(bareFastify.server, bareFastify.call, ROUND),
      secret: () => perCpuSecond(own, tokens.secret, ROUND),
      secretBase: () => perCpuSecond(bareProvider.server, bareProvider.secret, ROUND),
      key: () => perCpuSecond(own, tokens.key, ROUND),
      keyBase: () => perCpuSecond(bareProvider.server, bareProvider.key, ROUND),
      refresh: () => perCpuSecond(own, tokens.refresh, ROUND),
      refreshBase: () => perCpuSecond(bareProvider.server, bareProvider.refresh, ROUND),
      refreshOwn: () => perCpuSecond(own, refreshOwn, ROUND),
    },
    { warmUp: 1, rounds: 7 },
  );
  const provider = 'bare oidc-provider';
  const fastify = 'a bare fastify handler';
  const grants = [
    ['secret', 'secretBase', 'client credentials, secret'],
    ['key', 'keyBase', 'client credentials, private_key_jwt'],
    ['refresh', 'refreshBase', 'refresh at the token endpoint'],
  ] as const;
  return [
    measured.figure('bare', `${fastify}, per CPU-second`, '/s'),
    ...grants.flatMap(([name, base, title]) => [
      measured.figure(base, `${title}: ${provider}, per CPU-second`, '/s'),
      measured.figure(name, `${title}: auth, per CPU-second`, '/s'),
      { ...measured.ratio(name, base, title), against: provider, target: { relation: '>=', value: 0.7 } } as const,
      { ...measured.ratio(name, 'bare', title), against: fastify },
    ]),
    measured.figure('refreshOwn', 'POST /v1/sessions/refresh, per CPU-second', '/s'),
    { ...measured.ratio('refreshOwn', 'bare', 'POST /v1/sessions/refresh'), against: fastify },
  ];
}
