import { isRedisUnavailable } from '../errors.ts';
import { SHARDS, type Shard, sessionKeys } from '../keys.ts';
import { createOutbox, type Entry, type Outbox, type OutboxOptions, type Taken, type TakeOptions } from './outbox.ts';
import { createPush, PUSH_STEPS, type PushOptions } from './push.ts';
import { type Histories, historyOf } from './resend.ts';

/** In this order for each entry; what is told before each is where a process may end. */
export const SYNC_STEPS = ['take', ...PUSH_STEPS, 'acknowledge', 'done'] as const;
export type SyncStep = (typeof SYNC_STEPS)[number];

export interface SyncTurnOptions extends OutboxOptions, PushOptions {
  /** Of the global store, as they are found meanwhile. @default those of the beginning */
  readonly histories?: Histories;
  /** Called before each step; what it throws ends the turn there, as the end of the process would. */
  readonly before?: (step: SyncStep) => Promise<void> | void;
}

export interface Turn {
  /** Entries that waited when it began. */
  readonly waiting: number;
  /** Milliseconds the oldest of them had waited. */
  readonly lagMs: number;
  /** Whether more may wait than it took. */
  readonly hasMore: boolean;
  /** Whether every shard could be looked at. */
  readonly isWhole: boolean;
  /** Why nothing could be done of what was tried: a store is away, or refuses. What fails beside others that do not is tried again. */
  readonly failure: unknown;
}

/**
 * Takes what waits, brings it to the global store, acknowledges it. Any number of processes may do so at once, and each may
 * end anywhere: what it took and did not acknowledge is sent again by another one, which changes nothing.
 * @throws SessionError `redis_unavailable` when the store of this region is away
 */
export function createSyncTurn(options: SyncTurnOptions): (turn: TakeOptions) => Promise<Turn> {
  const { before = () => undefined } = options;
  const outbox = createOutbox(options);
  const pushShard = createShardPush(options, outbox);

  /** A node that is away between two steps ends the turn of its shards alone. */
  async function pushTaken(taken: Taken, claimAfterMs: number): Promise<Pushed> {
    try {
      return await pushShard(taken, claimAfterMs);
    } catch (error) {
      if (!isRedisUnavailable(error)) throw error;
      return { sent: 0, failures: [error] };
    }
  }

  return async (turn) => {
    await before('take');
    // Shards may lie on different nodes: one that is away holds up no other.
    const answers = await Promise.allSettled(SHARDS.map((shard) => outbox.take(shard, turn)));
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const untaken = reasonsOf(answers);
    if (taken.length === 0) throw untaken[0];
    const pushed = await Promise.all(taken.map((some) => pushTaken(some, turn.claimAfterMs)));
    const isWorking = pushed.some(({ sent }) => sent > 0);
    return {
      waiting: taken.reduce((sum, { waiting }) => sum + waiting, 0),
      lagMs: Math.max(...taken.map(({ lagMs }) => lagMs)),
      hasMore: taken.some(({ entries }) => entries.length >= turn.count),
      isWhole: untaken.length === 0,
      failure: isWorking ? undefined : [...pushed.flatMap(({ failures }) => failures), ...untaken][0],
    };
  };
}

interface Pushed {
  readonly sent: number;
  readonly failures: readonly unknown[];
}

/** Brings what was taken of one shard to the global store: what arrived is acknowledged, the rest given back. */
function createShardPush(options: SyncTurnOptions, outbox: Outbox) {
  const { global, histories = new Map(), prefix = 'sk', before = () => undefined } = options;
  const keys = sessionKeys(prefix);
  const push = createPush(options);

  async function found(shard: Shard): Promise<string> {
    const history = histories.get(shard) ?? (await historyOf(global, keys.outbox(shard)));
    histories.set(shard, history);
    return history;
  }

  async function acknowledge(shard: Shard, history: string, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    await before('acknowledge');
    await outbox.acknowledge(shard, history, entries);
    await before('done');
  }

  return async ({ shard, entries }: Taken, claimAfterMs: number): Promise<Pushed> => {
    if (entries.length === 0) return { sent: 0, failures: [] };
    let done: readonly Entry[] = [];
    try {
      // Before anything is sent: so what a fail-over loses meanwhile is sent once more.
      const history = await found(shard);
      const outcomes = await Promise.allSettled(entries.map(push));
      done = entries.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      await acknowledge(shard, history, done);
      return { sent: done.length, failures: reasonsOf(outcomes) };
    } finally {
      const undone = entries.filter((entry) => !done.includes(entry));
      await outbox.giveBack(shard, undone, claimAfterMs);
    }
  };
}

function reasonsOf(outcomes: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}
