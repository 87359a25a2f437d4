import type { HolderNote, KeyHistory, KeyHolder, KeyStore, NewKey, StoredKey } from '../keys/key-store.ts';
import { type KeyRegion, NO_REGION, ownRegions } from '../keys/region.ts';
import type { KeyState } from '../keys/rotation.ts';

interface Row extends Omit<NewKey, 'publicJwk'> {
  publicJwk?: NewKey['publicJwk'] | undefined;
  readonly region: string;
  readonly holders: Map<string, KeyHolder>;
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

/**
 * Keeps the conditions of the tables, with a clock of its own as a database has.
 * @param rows of another one, that several regions share them
 */
export function memoryKeys(
  now: () => number,
  { region = NO_REGION, rows = new Map<string, Row>() }: { region?: KeyRegion; rows?: Map<string, Row> } = {},
): MemoryKeys {
  const own = ownRegions(region);
  const isOwn = (key: { readonly region: string }) => own.includes(key.region);
  /** Those of the region come before those of none. */
  const keys = () => [...rows.values()].sort((a, b) => own.indexOf(a.region) - own.indexOf(b.region));
  const inState = (state: KeyState) => keys().find((row) => row.state === state && isOwn(row));
  const change = (row: Row | undefined, changes: () => Partial<Row>) => {
    if (row === undefined) return false;
    rows.set(row.kid, { ...row, ...changes() });
    return true;
  };
  const ofKid = (kid: string, state: KeyState) => {
    const row = rows.get(kid);
    return row?.state === state && isOwn(row) ? row : undefined;
  };
  const add = (key: Omit<Row, 'region' | 'holders'>) => {
    const isTaken = [...rows.values()].some((row) => row.region === region.name && row.state === key.state);
    if (rows.has(key.kid) || isTaken) return false;
    rows.set(key.kid, { ...key, region: region.name, holders: new Map() });
    return true;
  };
  const retired = (kid: string, from: KeyState) =>
    change(ofKid(kid, from), () => ({ state: 'retired', retiredAt: now(), sealed: ERASED }));
  return {
    rows,
    async read() {
      const stored = keys().flatMap((row) => toStored(row));
      return {
        now: now(),
        keys: stored.filter(isOwn),
        others: stored.filter((key) => !isOwn(key)),
        hasSigned: keys().some((row) => isOwn(row) && row.activatedAt !== undefined),
      };
    },
    start: async (key) =>
      inState('active') === undefined && add({ ...key, state: 'active', createdAt: now(), activatedAt: now() }),
    prepare: async (key, active) =>
      inState('active')?.kid === active && add({ ...key, state: 'next', createdAt: now() }),
    async promote(kid, replaces) {
      const [next, active] = [ofKid(kid, 'next'), replaces === undefined ? undefined : ofKid(replaces, 'active')];
      const isTaken = inState('active')?.region === next?.region && replaces === undefined;
      if (next === undefined || (replaces !== undefined && active === undefined) || isTaken) return false;
      change(active, () => ({ state: 'retiring', retiringAt: now() }));
      return change(next, () => ({ state: 'active', activatedAt: now() }));
    },
    async requestRotation() {
      const active = inState('active');
      return active?.rotationRequestedAt === undefined && change(active, () => ({ rotationRequestedAt: now() }));
    },
    relieve: async (kid) => change(ofKid(kid, 'active'), () => ({ state: 'retiring', retiringAt: now() })),
    describe: async (publicJwk) =>
      rows.get(publicJwk.kid)?.publicJwk === undefined && change(rows.get(publicJwk.kid), () => ({ publicJwk })),
    note: async (kid, note) => noteIn(rows.get(kid), { region: region.name, note, now: now() }),
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

interface Noted {
  readonly region: string;
  readonly note: HolderNote;
  readonly now: number;
}

function noteIn(row: Row | undefined, { region, note, now }: Noted): boolean {
  const holder = row?.holders.get(region);
  const holds = note === 'holds';
  if (row?.state !== 'next' || (note === 'publishes') !== (holder === undefined) || holder?.holds === holds)
    return false;
  row.holders.set(region, { region, since: holder?.since ?? now, holds });
  return true;
}

function toStored({ state, createdAt, activatedAt, retiringAt, ...row }: Row): StoredKey[] {
  const { kid, region, alg, sealed, publicJwk, longestTokenMs, rotationRequestedAt } = row;
  const more = { ...(rotationRequestedAt !== undefined && { rotationRequestedAt }), ...(publicJwk && { publicJwk }) };
  const since = { next: createdAt, active: activatedAt, retiring: retiringAt, retired: undefined }[state];
  if (state === 'retired' || since === undefined) return [];
  const holders = state === 'next' ? [...row.holders.values()] : [];
  return [{ kid, region, alg, sealed, longestTokenMs, state, since, holders, ...more }];
}

function toHistory({ kid, region, alg, state, createdAt, ...times }: Row): KeyHistory {
  const { activatedAt, retiringAt, retiredAt, compromisedAt } = times;
  return {
    kid,
    region,
    alg,
    state,
    createdAt: new Date(createdAt),
    ...(activatedAt !== undefined && { activatedAt: new Date(activatedAt) }),
    ...(retiringAt !== undefined && { retiringAt: new Date(retiringAt) }),
    ...(retiredAt !== undefined && { retiredAt: new Date(retiredAt) }),
    ...(compromisedAt !== undefined && { compromisedAt: new Date(compromisedAt) }),
  };
}
