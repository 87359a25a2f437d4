import { setTimeout as delay } from 'node:timers/promises';
import { ECHO, ITEMS } from '../echo/echo.ts';
import { exchange } from '../echo/tokens.ts';
import { logIn, type Revoked } from '../story/accounts.ts';
import { call } from '../story/http.ts';
import type { Credential } from './ask.ts';
import { between, oneOf, type Random } from './random.ts';
import { credentialOf, newVictim, type World } from './world.ts';

/** A user's tokens: what they log in with, what the edge made of it, and what a workload got in their name. */
export interface Victim {
  readonly access: Credential;
  readonly narrow: Credential;
  readonly delegated: Credential;
}

const REMEMBERED = 60;
const PAUSE_MS = [300, 1_500] as const;

/**
 * Lets users come and be revoked, one after the other, as long as the run lasts. What a fault prevents is tried again with the next.
 * @param victims filled with the latest
 */
export async function reviseVictims(world: World, victims: Victim[], { random, signal }: Revision): Promise<void> {
  while (!signal.aborted) {
    const pause = () => delay(between(random, ...PAUSE_MS), undefined, { signal }).catch(() => undefined);
    const victim = await arrive(world, random).catch(() => undefined);
    if (victim !== undefined) {
      victims.push(victim);
      if (victims.length > REMEMBERED) victims.shift();
      await pause();
      await revoke(world, victim, random).catch(() => undefined);
    }
    await pause();
  }
}

export interface Revision {
  readonly random: Random;
  readonly signal: AbortSignal;
}

export async function arrive(world: World, random: Random): Promise<Victim> {
  const { mesh, cluster, echo } = world;
  const person = await newVictim(world);
  const token = await logIn(mesh, person, { device: { platform: person.id } });
  const mark = String(random());
  const { status } = await call(mesh.edge + ITEMS, { token, headers: { 'x-chaos': mark } });
  const seen = echo.app.seen.find(({ headers }) =>
    headers.some(([name, value]) => name === 'x-chaos' && value === mark),
  );
  const narrow = seen?.headers.find(([name]) => name === 'authorization')?.[1].replace('Bearer ', '');
  if (narrow === undefined) throw new Error(`the edge answered ${status}`);
  const workload = `${ECHO.namespace}/${ECHO.name}`;
  const delegated = await exchange({ mesh, cluster }, narrow, { workload, audience: ECHO.name });
  return { access: credentialOf(token), narrow: credentialOf(narrow), delegated: credentialOf(delegated) };
}

const WAYS = ['token', 'session', 'user', 'device', 'log-out'] as const;

/** By one way of many. Only what is confirmed counts: what is owed (202) or failed may have happened, or not. */
export async function revoke({ mesh, accounts }: World, victim: Victim, random: Random): Promise<void> {
  const way = oneOf(random, WAYS);
  const isRevoked =
    way === 'log-out'
      ? (await call(`${mesh.auth.url}/v1/sessions/current`, { method: 'DELETE', token: victim.access.token }))
          .status === 204
      : (await accounts.revoke(revocationBy(way, victim))) === 200;
  if (!isRevoked) return;
  const revokedAt = Date.now();
  for (const credential of [victim.access, victim.narrow, victim.delegated]) credential.revokedAt = revokedAt;
}

function revocationBy(way: Exclude<(typeof WAYS)[number], 'log-out'>, { access: { claims } }: Victim): Revoked {
  const session = claims['session'] as { readonly id: string; readonly device: string };
  switch (way) {
    case 'token':
      return { jti: String(claims['jti']) };
    case 'session':
      return { session: session.id };
    case 'user':
      return { user: String(claims['sub']) };
    case 'device':
      return { device: session.device };
  }
}
