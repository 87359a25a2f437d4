import type { KeyHistory, KeyStore, NewKey, StoredKey } from '../keys/key-store.ts';
import type { KeyState } from '../keys/rotation.ts';

interface Row extends NewKey {
  state: KeyState;
  createdAt: number;
  rotationRequestedAt?: number;
  activatedAt?: number;
  retiringAt?: number;
  retiredAt?: number;
  compromisedAt?: number;
  revoked?: boolean;
}

export interface MemoryKeys extends KeyStore {
  /** Every row there ever was, oldest first. */
  readonly rows: Map<string, Row>;
}

/** Keeps the conditions of the tables, with a clock of its own as a database has. */
export function memoryKeys(now: () => number): MemoryKeys {
  const rows = new Map<string, Row>();
  const inState = (state: KeyState) => [...rows.values()].find((row) => row.state === state);
  const change = (row: Row | undefined, changes: () => Partial<Row>) => {
    if (row === undefined) return false;
    rows.set(row.kid, { ...row, ...changes() });
    return true;
  };
  const add = (row: Row) => {
    if (rows.has(row.kid) || inState(row.state) !== undefined) return false;
    rows.set(row.kid, row);
    return true;
  };
  const retired = (kid: string, from: KeyState) =>
    rows.get(kid)?.state === from &&
    change(rows.get(kid), () => ({ state: 'retired', retiredAt: now(), sealed: ERASED }));
  return {
    rows,
    read: async () => ({ now: now(), keys: [...rows.values()].flatMap((row) => toStored(row)) }),
    start: async (key) => add({ ...key, state: 'active', createdAt: now(), activatedAt: now() }),
    prepare: async (key, active) =>
      inState('active')?.kid === active && add({ ...key, state: 'next', createdAt: now() }),
    async promote(kid, replaces) {
      const [next, active] = [inState('next'), inState('active')];
      if (next?.kid !== kid || active?.kid !== replaces) return false;
      change(active, () => ({ state: 'retiring', retiringAt: now() }));
      return change(next, () => ({ state: 'active', activatedAt: now() }));
    },
    async requestRotation() {
      const active = inState('active');
      return active?.rotationRequestedAt === undefined && change(active, () => ({ rotationRequestedAt: now() }));
    },
    discard: async (kid) => retired(kid, 'next'),
    retire: async (kid) => retired(kid, 'retiring'),
    async lengthen(longestTokenMs) {
      const short = [inState('next'), inState('active')].filter((row) => row && row.longestTokenMs < longestTokenMs);
      for (const row of short) change(row, () => ({ longestTokenMs }));
      return short.length > 0;
    },
    async reseal(kid, from, to) {
      const row = rows.get(kid);
      return row?.sealed === from && change(row, () => ({ sealed: to }));
    },
    compromise: async (kid) =>
      change(rows.get(kid), () => ({
        state: 'retired',
        sealed: ERASED,
        retiredAt: now(),
        compromisedAt: now(),
        revoked: false,
      })),
    unrevoked: async () =>
      [...rows.values()].flatMap(({ kid, compromisedAt, revoked = false }) =>
        compromisedAt === undefined || revoked ? [] : kid,
      ),
    markRevoked: async (kid) => change(rows.get(kid), () => ({ revoked: true })),
    history: async (limit) => [...rows.values()].toReversed().slice(0, limit).map(toHistory),
  };
}

const ERASED = new Uint8Array();

function toStored({ state, createdAt, activatedAt, retiringAt, ...row }: Row): StoredKey[] {
  const { kid, alg, sealed, publicJwk, longestTokenMs, rotationRequestedAt } = row;
  const more = { ...(rotationRequestedAt !== undefined && { rotationRequestedAt }), ...(publicJwk && { publicJwk }) };
  const since = { next: createdAt, active: activatedAt, retiring: retiringAt, retired: undefined }[state];
  return state === 'retired' || since === undefined
    ? []
    : [{ kid, alg, sealed, longestTokenMs, state, since, ...more }];
}

function toHistory({ kid, alg, state, createdAt, ...times }: Row): KeyHistory {
  const { activatedAt, retiringAt, retiredAt, compromisedAt } = times;
  return {
    kid,
    alg,
    state,
    createdAt: new Date(createdAt),
    ...(activatedAt !== undefined && { activatedAt: new Date(activatedAt) }),
    ...(retiringAt !== undefined && { retiringAt: new Date(retiringAt) }),
    ...(retiredAt !== undefined && { retiredAt: new Date(retiredAt) }),
    ...(compromisedAt !== undefined && { compromisedAt: new Date(compromisedAt) }),
  };
}
