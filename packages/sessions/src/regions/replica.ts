import { SessionError } from '../errors.ts';

/**
 * What one store knows of a session, as it is merged with what another one knows. Times are in milliseconds by the clock of
 * that store: they are moved before they are compared.
 */
export type Replica = LiveReplica | EndedReplica;

export interface LiveReplica {
  /** What never changes once the session began: fields as they are stored. */
  readonly facts: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly lastAccessedAt: number;
  readonly expiresAt: number;
  readonly family?: FamilyReplica;
}

export interface FamilyReplica {
  /** How many families the session had: the higher one is the later one. */
  readonly epoch: number;
  readonly secret: string;
  readonly context: string;
  readonly generation: number;
  /** None for a family of which no token was used. */
  readonly rotatedAt?: number;
  readonly replayedAt?: number;
}

export interface EndedReplica {
  readonly endedAt: number;
}

export function hasEnded(replica: Replica): replica is EndedReplica {
  return 'endedAt' in replica;
}

/** Fields that are no facts, or a store's own business. */
const KNOWN = new Set([
  ...['createdAt', 'lastAccessedAt', 'expiresAt', 'endedAt', 'indexedAt', 'queued'],
  ...['refreshEpoch', 'refreshSecret', 'refreshContext', 'refreshGeneration', 'refreshRotatedAt', 'refreshReplayed'],
]);

/**
 * @param fields of a session's hash
 * @returns undefined where there is none
 * @throws SessionError `session_invalid`
 */
export function readReplica(fields: ReadonlyMap<string, string>): Replica | undefined {
  if (fields.has('endedAt')) return { endedAt: whole(fields, 'endedAt') };
  if (!fields.has('expiresAt')) return undefined;
  const family = readFamily(fields);
  return {
    facts: Object.fromEntries([...fields].filter(([name]) => !KNOWN.has(name))),
    createdAt: whole(fields, 'createdAt'),
    lastAccessedAt: whole(fields, 'lastAccessedAt'),
    expiresAt: whole(fields, 'expiresAt'),
    ...(family !== undefined && { family }),
  };
}

/** A session by the place where it is kept. */
export interface SessionName {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * As `readReplica`, of what a store says of one session: other regions write there too.
 * @throws SessionError `session_invalid` also for what is another session
 */
export function readReplicaOf(
  { userId, sessionId }: SessionName,
  fields: ReadonlyMap<string, string>,
): Replica | undefined {
  const replica = readReplica(fields);
  if (replica === undefined || hasEnded(replica)) return replica;
  if (replica.facts['id'] === sessionId && replica.facts['userId'] === userId) return replica;
  throw new SessionError('session_invalid', 'a stored session is not the one that it is kept as');
}

function readFamily(fields: ReadonlyMap<string, string>): FamilyReplica | undefined {
  const [secret, context] = [fields.get('refreshSecret'), fields.get('refreshContext')];
  if (secret === undefined || context === undefined) return undefined;
  const rotatedAt = fields.has('refreshRotatedAt') ? whole(fields, 'refreshRotatedAt') : 0;
  return {
    // Begun before there were regions.
    epoch: fields.has('refreshEpoch') ? whole(fields, 'refreshEpoch') : 0,
    secret,
    context,
    generation: whole(fields, 'refreshGeneration'),
    ...(rotatedAt !== 0 && { rotatedAt }),
    ...(fields.has('refreshReplayed') && { replayedAt: whole(fields, 'refreshReplayed') }),
  };
}

/** The fields again. @returns field, value, field, value ... as `MERGE` takes them */
export function writeReplica(replica: Replica): string[] {
  if (hasEnded(replica)) return flat({ endedAt: replica.endedAt });
  const { facts, createdAt, lastAccessedAt, expiresAt, family } = replica;
  return flat({
    ...facts,
    ...{ createdAt, lastAccessedAt, expiresAt },
    refreshEpoch: family?.epoch,
    refreshSecret: family?.secret,
    refreshContext: family?.context,
    refreshGeneration: family?.generation,
    refreshRotatedAt: family?.rotatedAt,
    refreshReplayed: family?.replayedAt,
  });
}

function flat(fields: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}

/**
 * The same by another clock: what crosses between stores is how long ago something was, so clocks that differ by minutes do
 * no harm. With `to` 0 it is what is sent: minus the ages.
 * @param from what the clock says that the replica was read by
 * @param to what the other one says
 */
export function moveReplica(replica: Replica, from: number, to: number): Replica {
  const moved = (time: number) => time - from + to;
  if (hasEnded(replica)) return { endedAt: moved(replica.endedAt) };
  const { family } = replica;
  return {
    ...replica,
    createdAt: moved(replica.createdAt),
    lastAccessedAt: moved(replica.lastAccessedAt),
    expiresAt: moved(replica.expiresAt),
    ...(family !== undefined && {
      family: {
        ...family,
        ...(family.rotatedAt !== undefined && { rotatedAt: moved(family.rotatedAt) }),
        ...(family.replayedAt !== undefined && { replayedAt: moved(family.replayedAt) }),
      },
    }),
  };
}

function whole(fields: ReadonlyMap<string, string>, name: string): number {
  const value = Number(fields.get(name));
  if (Number.isSafeInteger(value)) return value;
  throw new SessionError('session_invalid', `a stored session has no valid ${name}`);
}
