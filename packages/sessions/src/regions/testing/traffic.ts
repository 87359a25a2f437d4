import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../../connection.ts';
import { SessionError } from '../../errors.ts';
import { sessionKeys } from '../../keys.ts';
import { redisCall } from '../../redis-call.ts';
import type { RegionalRevoker } from '../../revocation/regional/regional-revoker.ts';
import type { Session } from '../../session.ts';
import { FAMILY, type RegionUnderTest } from './world.ts';

export interface TrafficOptions {
  readonly region: RegionUnderTest;
  readonly revoker: RegionalRevoker;
  readonly local: RedisConnection;
  /** That the region's own store has. */
  readonly replicas: number;
  readonly prefix: string;
}

export type Known = Pick<Session, 'id' | 'userId'>;

/** People who log in, go on, refresh, and log out; what fails they leave, and go on with something else. */
export interface Traffic {
  /** What was acknowledged and may be lost by no single failure: sessions that live, and those that ended. */
  readonly alive: ReadonlySet<Known>;
  readonly ended: ReadonlySet<Known>;
  /** Whatever was acknowledged as ended: refused by name. */
  readonly refused: ReadonlySet<Known>;
  /** Tokens of their own for which they were told that somebody else had used them. */
  readonly replayed: ReadonlySet<Known>;
  /** What was acknowledged, of all kinds. */
  readonly done: number;
  stop(): Promise<void>;
}

const PEOPLE = 4;
const PAUSE_MS = 10;
const REPLICATED_WITHIN_MS = 200;

export function startTraffic(options: TrafficOptions): Traffic {
  const stopping = new AbortController();
  const none = () => new Set<Known>();
  const traffic = { alive: none(), ended: none(), refused: none(), replayed: none(), done: 0 };

  async function goOn(act: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await act();
        traffic.done += 1;
      } catch (error) {
        if (!(error instanceof SessionError) || error.code !== 'redis_unavailable') throw error;
      }
      await sleep(PAUSE_MS);
    }
  }

  const people = Promise.all(Array.from({ length: PEOPLE }, () => goOn(createPerson(options, traffic))));
  return Object.assign(traffic, {
    async stop() {
      stopping.abort();
      await people;
    },
  });
}

type Noted = { readonly [Which in 'alive' | 'ended' | 'refused' | 'replayed']: Set<Known> };

/** @returns what does the next thing that one of them does, and notes what was acknowledged */
function createPerson(options: TrafficOptions, noted: Noted): () => Promise<void> {
  const { revoker } = options;
  const { sessions, refresh } = options.region;
  const userId = randomUUID();
  const generations = new Map<Known, number>();
  let turn = 0;

  async function begin(): Promise<void> {
    const { id } = await sessions.create({ userId, device: {} });
    const known = { userId, id };
    if (await isSafe(options, known, 'id')) noted.alive.add(known);
    if (await refresh.begin(userId, id, FAMILY)) generations.set(known, 0);
  }

  async function rotate(known: Known): Promise<void> {
    const sessionId = known.id;
    const generation = generations.get(known) ?? 0;
    await refresh.find(userId, sessionId);
    const rotation = await refresh.rotate({ userId, sessionId, generation, secret: FAMILY.secret });
    if (rotation.result === 'replayed') noted.replayed.add(known);
    if ('generation' in rotation) generations.set(known, rotation.generation);
  }

  async function end(leaving: readonly Known[]): Promise<void> {
    if (leaving.length === 0) return;
    for (const one of leaving) generations.delete(one);
    for (const one of leaving) noted.alive.delete(one);
    await revoker.end(leaving);
    for (const one of leaving) noted.refused.add(one);
    await sessions.destroy(userId, ...leaving.map(({ id }) => id));
    for (const one of leaving) if (await isSafe(options, one, 'endedAt')) noted.ended.add(one);
  }

  return async () => {
    const all = [...generations.keys()];
    const [oldest] = all;
    const leaving = turn % 40 === 39 ? all : all.slice(0, all.length > 4 ? 1 : 0);
    const acts = [
      begin,
      async () => void (oldest && (await sessions.touch(userId, oldest.id))),
      async () => void (oldest && (await rotate(oldest))),
      () => end(leaving),
    ];
    const act = acts[turn % acts.length];
    turn += 1;
    await act?.();
  };
}

/** Whether two servers at least know it, or one that does not fail. */
async function isSafe({ local, replicas, prefix }: TrafficOptions, { userId, id }: Known, field: string) {
  const key = sessionKeys(prefix).session(userId, id);
  const answers = await redisCall(local.pipeline().hexists(key, field).wait(replicas, REPLICATED_WITHIN_MS).exec());
  const [held = 0, confirmed = -1] = (answers ?? []).map(([error, answer]) => (error ? -1 : Number(answer)));
  return held === 1 && confirmed >= replicas;
}
