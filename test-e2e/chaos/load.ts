import { setTimeout as delay } from 'node:timers/promises';
import { ADMIN, ITEMS, PUBLIC } from '../echo/echo.ts';
import type { Ask, Credential, Presented } from './ask.ts';
import type { Ledger, Phase } from './ledger.ts';
import { oneOf, type Random } from './random.ts';
import type { Victim } from './victims.ts';
import type { World } from './world.ts';

const BUCKET = '/api/bucket-items';
const NOBODY: Presented = { kind: 'none' };
/** The part of the requests that users send who come and are revoked. */
const OF_VICTIMS = 0.4;

export interface Load {
  readonly world: Pick<World, 'sender' | 'mayPass' | 'people' | 'forged'>;
  readonly victims: readonly Victim[];
  /** Never revoked: their tokens only end. */
  readonly kept: Victim;
  readonly ledger: Ledger;
  readonly phase: () => Phase;
  readonly random: Random;
  /** Milliseconds between an answer and the next request. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** Sends one request after the other until it is told to stop, and notes what came. */
export async function sendLoad(load: Load): Promise<void> {
  const { world, ledger, phase, random, pauseMs, signal } = load;
  while (!signal.aborted) {
    const ask = nextAsk(load, random);
    const sent = { phase: phase(), at: Date.now() };
    const reply = await world.sender.send(ask);
    ledger.add({ ask, reply, phase: sent.phase, mayPass: world.mayPass(ask, sent.at), sentAt: sent.at });
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function nextAsk(load: Load, random: Random): Ask {
  const { victims } = load;
  if (victims.length === 0 || random() >= OF_VICTIMS) return oneOf(random, steadyAsks(load));
  return oneOf(random, victimAsks(oneOf(random, victims)));
}

const issued = (credential: Credential): Presented => ({ kind: 'issued', credential });

function echoAsk(name: string, presented: Presented, more: Partial<Ask> = {}): Ask {
  return { name, presented, service: 'echo', place: 'edge', method: 'GET', path: ITEMS, ...more };
}

const AT_SERVICE = { place: 'service' } as const;
const CHAIN = { service: 'bucket', method: 'POST', path: BUCKET } as const;

/** With the tokens of now: people log in again before theirs end. */
function steadyAsks({ world: { people, forged }, kept }: Load): readonly Ask[] {
  const { reader, writer, administrator, stranger, leaver } = people;
  return [
    echoAsk('a reader reads', issued(reader)),
    echoAsk('a writer writes', issued(writer), { method: 'POST' }),
    echoAsk('an administrator administers', issued(administrator), { path: `${ADMIN}/x` }),
    echoAsk('nobody reads what is public', NOBODY, { path: PUBLIC }),
    echoAsk('a stranger reads what is public', issued(stranger), { path: PUBLIC }),
    echoAsk('a writer adds an item, and the service asks others', issued(writer), CHAIN),
    echoAsk('a reader writes', issued(reader), { method: 'POST' }),
    echoAsk('a reader adds an item', issued(reader), CHAIN),
    echoAsk('a writer administers', issued(writer), { path: `${ADMIN}/x` }),
    echoAsk('nobody reads', NOBODY),
    echoAsk('nobody reads, past the edge', NOBODY, AT_SERVICE),
    echoAsk('a stranger reads', issued(stranger)),
    echoAsk('a stranger reads, past the edge', issued(stranger), AT_SERVICE),
    echoAsk('a stranger administers', issued(stranger), { path: `${ADMIN}/x` }),
    echoAsk('a user whose grant ends', issued(leaver)),
    echoAsk('a forged token', forged),
    echoAsk('a forged token, past the edge', forged, AT_SERVICE),
    echoAsk('a forged token where none is needed', forged, { path: PUBLIC }),
    echoAsk('a narrow token at its service, to its end', issued(kept.narrow), AT_SERVICE),
    echoAsk('a delegated token at its service, to its end', issued(kept.delegated), AT_SERVICE),
  ];
}

const REVOKED = [
  'a user who is revoked',
  'a user who is revoked, where no token is needed',
  'a narrow token that is revoked',
  'a delegated token that is revoked',
] as const;

function victimAsks({ access, narrow, delegated }: Victim): readonly Ask[] {
  return [
    echoAsk(REVOKED[0], issued(access)),
    echoAsk(REVOKED[0], issued(access), CHAIN),
    echoAsk(REVOKED[1], issued(access), { path: PUBLIC }),
    echoAsk(REVOKED[2], issued(narrow), AT_SERVICE),
    echoAsk(REVOKED[3], issued(delegated), AT_SERVICE),
  ];
}

/** What must have been asked when it must not pass, for a run to say anything. */
export const PROOFS: readonly string[] = [
  ...REVOKED,
  'a reader writes',
  'nobody reads',
  'a stranger reads',
  'a forged token',
];
