import { ANY_AUDIENCE, createVerifier, toJwks } from '@sekisho/tokens';
import type { Answer } from '../answer.ts';
import { PLATFORM, type World } from './edge-world.ts';

/** The claims of the narrow token in an answer, verified with the guard's key alone. */
export async function narrowClaims(world: World, answer: Answer) {
  if (!answer.allowed) throw new Error(`denied: ${answer.code}: ${answer.detail}`);
  const jwks = toJwks([world.keys.guardKey]);
  const verify = createVerifier({ issuer: PLATFORM, audience: ANY_AUDIENCE, jwks: () => jwks, clock: () => world.now });
  return verify(answer.authorization.replace('Bearer ', ''));
}

/** What is looked at of an answer that refuses. */
export function refusedWith(code: string, status: number) {
  return { allowed: false, code, status };
}
