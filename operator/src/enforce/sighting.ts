import type { Awaited, ProxySight, Sight } from '@sekisho/policy';
import type { ProxyRow } from './answers.ts';
import type { ReplicaView } from './record.ts';

/** What is awaited for one policy. */
export interface Quest extends Awaited {
  /** Since when, by the monotonic clock of this process. */
  readonly since: number;
  /** When this process began to write the objects, by its wall clock; undefined when another one wrote them. */
  readonly writtenAt: number | undefined;
}

export interface Moment {
  /** By the monotonic clock of this process. */
  readonly now: number;
  /** Longer than istiod gathers changes before it makes a configuration of them (PILOT_DEBOUNCE_MAX). */
  readonly settleMs: number;
}

/** What all replicas together say of the proxies that one policy waits for. */
export function sightOf(quest: Quest, replicas: readonly ReplicaView[], moment: Moment): Sight {
  const proxies = new Map(quest.proxies.map((id) => [id, proxyOf(id, quest, { replicas, ...moment })]));
  const failing = replicas.flatMap(({ name, problem }) => (problem === undefined ? [] : [{ replica: name, problem }]));
  const none = { replica: 'istiod', problem: 'not_found' } as const;
  return { basis: quest.basis, proxies, unasked: replicas.length === 0 ? [none] : failing };
}

interface Seen extends Moment {
  readonly replicas: readonly ReplicaView[];
}

function proxyOf(id: string, quest: Quest, seen: Seen): ProxySight {
  const { replicas, now, settleMs } = seen;
  const sights = replicas.flatMap((replica) =>
    (replica.proxies.get(id) ?? []).map((row) => rowOf(row, { ...seen, quest, replica })),
  );
  // A connection that was replaced is listed beside its successor for a while: all must be well.
  const worst = ORDER.flatMap((state) => sights.filter((sight) => sight.state === state))[0] ?? { state: 'missing' };
  if (worst.state === 'rejecting' || worst.state === 'current') return worst;
  const early =
    now - quest.since < settleMs ||
    replicas.some(({ failingSince }) => failingSince !== undefined && now - failingSince < settleMs);
  return early ? { state: 'undecided' } : worst;
}

const ORDER: readonly ProxySight['state'][] = ['rejecting', 'behind', 'uninformed', 'undecided', 'current'];

interface Row extends Seen {
  readonly quest: Quest;
  readonly replica: ReplicaView;
}

/**
 * A proxy has the objects when it acknowledged listeners that were made from them. That a replica holds the objects does not
 * say that it made anything of them yet: so either the listeners were made after that was seen, or so long ago did the
 * replica have the objects that it has.
 */
function rowOf(row: ProxyRow, { quest, replica, now, settleMs }: Row): ProxySight {
  if (row.error !== undefined) return { state: 'rejecting', error: row.error };
  const holding = replica.holdings.get(quest.group);
  if (holding?.basis !== quest.basis) return { state: 'uninformed', replica: replica.name };
  if (row.madeAt === undefined || !row.acknowledged) return { state: 'behind' };
  if (row.madeAt > holding.since) return { state: 'current' };
  if (isOlder(row.madeAt, quest, replica)) return { state: 'behind' };
  return now - holding.at >= settleMs ? { state: 'current' } : { state: 'undecided' };
}

const SECOND = 1_000;
/** Of two clocks, between two looks. */
const DRIFT_MS = 1_000;

/** Whether it was made before the objects were written: what came of them is still queued for the proxy then. */
function isOlder(madeAt: number, { writtenAt }: Quest, { clockAhead }: ReplicaView): boolean {
  return writtenAt !== undefined && madeAt + SECOND < writtenAt + clockAhead - DRIFT_MS;
}

/** Milliseconds until the first proxy may be decided by time alone; undefined when none waits for that. */
export function nextDecision(
  quests: readonly Quest[],
  replicas: readonly ReplicaView[],
  { now, settleMs }: Moment,
): number | undefined {
  let next: number | undefined;
  const consider = (at: number) => {
    const wait = at + settleMs - now;
    if (wait > 0 && (next === undefined || wait < next)) next = wait;
  };
  for (const { group, since } of quests) {
    consider(since);
    for (const { holdings } of replicas) {
      const holding = holdings.get(group);
      if (holding !== undefined) consider(holding.at);
    }
  }
  return next;
}
