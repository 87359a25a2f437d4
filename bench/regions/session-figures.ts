import { Chains } from '../auth/chains.ts';
import { type Call, openLoop, warmUp } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import { type Figure, percentile } from '../report.ts';
import { inTurns } from '../rounds.ts';
import { addUsers, logIns, type RegionsWorld, type Side } from './world.ts';

/** Most of the time goes by on the line. */
const ROUND = { atOnce: 8, seconds: 2 };
const LATENCY = { perSecond: 5, seconds: 8 };
const SESSIONS = 60;
const USERS = 40;
const WARM_UP_CALLS = 100;

/** What a log-in and a refresh cost in a region, against the same without regions. */
export async function sessionFigures({ regional, single }: RegionsWorld): Promise<readonly Figure[]> {
  return [
    ...(await compared('log-in', { regional, single }, logInCall)),
    ...(await compared('refresh', { regional, single }, refreshCall)),
  ];
}

type Sides = Pick<RegionsWorld, 'regional' | 'single'>;

async function compared(what: string, sides: Sides, callOf: (side: Side) => Promise<Call>): Promise<readonly Figure[]> {
  const calls = { regional: await callOf(sides.regional), single: await callOf(sides.single) };
  for (const call of Object.values(calls)) await warmUp(call, WARM_UP_CALLS, ROUND.atOnce);
  const cost = (name: keyof typeof calls) => async () =>
    1e3 / (await perCpuSecond(sides[name].auth, calls[name], ROUND));
  const measured = await inTurns({ single: cost('single'), regional: cost('regional') }, { warmUp: 1, rounds: 7 });
  const took = async (name: keyof typeof calls) =>
    percentile(
      (await openLoop(calls[name], LATENCY)).map((call) => call.took),
      0.5,
    );
  const [one, many] = [`${what}, without regions`, `${what}, in a region`];
  return [
    measured.figure('single', `${one}, CPU`, 'ms'),
    measured.figure('regional', `${many}, CPU`, 'ms'),
    { ...measured.ratio('regional', 'single', `${many}, CPU`), against: one },
    { name: `${one}, p50`, value: await took('single'), unit: 'ms' },
    { name: `${many}, p50`, value: await took('regional'), unit: 'ms' },
  ];
}

async function logInCall(side: Side): Promise<Call> {
  const users = await addUsers(side, USERS);
  let next = 0;
  return () => {
    const user = users[next % users.length];
    if (user === undefined) throw new Error('there are no users');
    next += 1;
    return side.platform.logIn(user);
  };
}

async function refreshCall(side: Side): Promise<Call> {
  const chains = new Chains((await logIns(side, SESSIONS)).map(({ refresh_token: token }) => token));
  return () =>
    chains.next(async (token) => {
      const request = { method: 'POST', path: '/v1/sessions/refresh', body: { refresh_token: token } } as const;
      return JSON.parse((await side.platform.http.send(request)).text).refresh_token;
    });
}
