import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { PASSWORD_HASHING } from '@sekisho/auth';
import { ownCpuSeconds } from '../cpu.ts';
import { closedLoop } from '../load.ts';
import { perCpuSecond } from '../rate.ts';
import type { Figure } from '../report.ts';
import { inTurns } from '../rounds.ts';
import { logInParts } from './log-in-parts.ts';
import { PASSWORD } from './platform.ts';
import type { World } from './world.ts';

/** As many at once as the service hashes at once. */
const ROUND = { atOnce: availableParallelism(), seconds: 2 };

/** Log-ins against the check of the password alone, which is what they have to cost. */
export async function logInFigures(world: World): Promise<readonly Figure[]> {
  const { auth, logIn } = world;
  const stored = await hash(PASSWORD, PASSWORD_HASHING);
  const rawRate = async () => {
    const before = ownCpuSeconds();
    const checked = await closedLoop(() => verify(stored, PASSWORD), ROUND);
    return checked / (ownCpuSeconds() - before);
  };
  const measured = await inTurns(
    { raw: rawRate, logIn: () => perCpuSecond(auth.process, logIn, ROUND) },
    { warmUp: 1, rounds: 5 },
  );
  const against = 'raw argon2id with the same parameters';
  return [
    measured.figure('raw', `${against}, per CPU-second`, '/s'),
    measured.figure('logIn', 'log-in, per CPU-second', '/s'),
    { ...measured.ratio('logIn', 'raw', 'log-in'), against, target: { relation: '>=', value: 0.9 } },
    ...(await logInParts(world)),
  ];
}
