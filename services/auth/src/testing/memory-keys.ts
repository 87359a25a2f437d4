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

export interface MemoryKeysOptions {
  readonly region?: KeyRegion;
  /** Of another one, that several regions share them. */
  readonly rows?: Map<string, Row>;
}

/** Keeps the conditions of the tables, with a clock of its own as a database has. */
export function memoryKeys(now: () => number, options: MemoryKeysOptions = {}): MemoryKeys {
  const { region = NO_REGION, rows = new Map<string, Row>() } = options;
  const table = new Table(region, rows);
  return { rows, ...readsOf(table, now), ...stepsOf(table, now), ...notesOf(table, now), ...leaksOf(table, now) };
}

/** The rows as one region sees and changes them. */
class Table {
  readonly region: KeyRegion;
  readonly rows: Map<string, Row>;
  readonly #own: readonly string[];

  constructor(region: KeyRegion, rows: Map<string, Row>) {
    this.region = region;
    this.rows = rows;
    this.#own = ownRegions(region);
  }

  isOwn({ region }: { readonly region: string }): boolean {
    return this.#own.includes(region);
  }

  /** Those of the region come before those of none. */
  sorted(): Row[] {
    return [...this.rows.values()].sort((a, b) => this.#own.indexOf(a.region) - this.#own.indexOf(b.region));
  }

  inState(state: KeyState): Row | undefined {
    return this.sorted().find((row) => row.state === state && this.isOwn(row));
  }

  ofKid(kid: string, state: KeyState): Row | undefined {
    const row = this.rows.get(kid);
    return row?.state === state && this.isOwn(row) ? row : undefined;
  }

  add(key: Omit<Row, 'region' | 'holders'>): boolean {
    const region = this.region.name;
    const isTaken = [...this.rows.values()].some((row) => row.region === region && row.state === key.state);
    if (this.rows.has(key.kid) || isTaken) return false;
    this.rows.set(key.kid, { ...key, region, holders: new Map() });
    return true;
  }

  change(row: Row | undefined, changes: Partial<Row>): boolean {
    if (row === undefined) return false;
    this.rows.set(row.kid, { ...row, ...changes });
    return true;
  }
}

function readsOf(table: Table, now: () => number): Pick<KeyStore, 'read' | 'history'> {
  return {
    async read() {
      const rows = table.sorted();
      const stored = rows.flatMap((row) => toStored(row));
      return {
        now: now(),
        keys: stored.filter((key) => table.isOwn(key)),
        others: stored.filter((key) => !table.isOwn(key)),
        hasSigned: rows.some((row) => table.isOwn(row) && row.activatedAt !== undefined),
      };
    },
    history: async (limit) => [...table.rows.values()].toReversed().slice(0, limit).map(toHistory),
  };
}

type Steps = Pick<KeyStore, 'start' | 'prepare' | 'promote' | 'relieve' | 'discard' | 'retire'>;

/** From one state to the next. */
function stepsOf(table: Table, now: () => number): Steps {
  const retired = (row: Row | undefined) => table.change(row, { state: 'retired', retiredAt: now(), sealed: ERASED });
  return {
    start: async (key) =>
      table.inState('active') === undefined &&
      table.add({ ...key, state: 'active', createdAt: now(), activatedAt: now() }),
    prepare: async (key, active) =>
      table.inState('active')?.kid === active && table.add({ ...key, state: 'next', createdAt: now() }),
    async promote(kid, replaces) {
      const next = table.ofKid(kid, 'next');
      const active = replaces === undefined ? undefined : table.ofKid(replaces, 'active');
      const isTaken = table.inState('active')?.region === next?.region && replaces === undefined;
      if (next === undefined || (replaces !== undefined && active === undefined) || isTaken) return false;
      table.change(active, { state: 'retiring', retiringAt: now() });
      return table.change(next, { state: 'active', activatedAt: now() });
    },
    relieve: async (kid) => table.change(table.ofKid(kid, 'active'), { state: 'retiring', retiringAt: now() }),
    discard: async (kid) => retired(table.ofKid(kid, 'next')),
    retire: async (kid) => retired(table.ofKid(kid, 'retiring')),
  };
}

type Notes = Pick<KeyStore, 'requestRotation' | 'describe' | 'note' | 'lengthen' | 'reseal'>;

/** What changes of a key without its state. */
function notesOf(table: Table, now: () => number): Notes {
  const { rows, region } = table;
  return {
    async requestRotation() {
      const active = table.inState('active');
      return active?.rotationRequestedAt === undefined && table.change(active, { rotationRequestedAt: now() });
    },
    async describe(publicJwk) {
      const row = rows.get(publicJwk.kid);
      return row?.publicJwk === undefined && table.change(row, { publicJwk });
    },
    note: async (kid, note) => noteIn(rows.get(kid), { region: region.name, note, now: now() }),
    async lengthen(longestTokenMs) {
      const all = [table.inState('next'), table.inState('active')];
      const short = all.filter((row) => row && row.longestTokenMs < longestTokenMs);
      for (const row of short) table.change(row, { longestTokenMs });
      return short.length > 0;
    },
    async reseal(kid, from, to) {
      const row = rows.get(kid);
      return row?.sealed === from && table.change(row, { sealed: to });
    },
  };
}

type Leaks = Pick<KeyStore, 'compromise' | 'unrevoked' | 'markRevoked'>;

function leaksOf(table: Table, now: () => number): Leaks {
  const { rows } = table;
  const erased = { state: 'retired', sealed: ERASED, revoked: false } as const;
  return {
    compromise: async (kid) => table.change(rows.get(kid), { ...erased, retiredAt: now(), compromisedAt: now() }),
    unrevoked: async () =>
      [...rows.values()].flatMap(({ kid, compromisedAt, revoked = false }) =>
        compromisedAt === undefined || revoked ? [] : kid,
      ),
    markRevoked: async (kid) => table.change(rows.get(kid), { revoked: true }),
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

function toHistory({ kid, region, alg, state, createdAt, holders, ...times }: Row): KeyHistory {
  const { activatedAt, retiringAt, retiredAt, compromisedAt } = times;
  return {
    kid,
    region,
    alg,
    state,
    holders: state === 'next' ? [...holders.values()] : [],
    createdAt: new Date(createdAt),
    ...(activatedAt !== undefined && { activatedAt: new Date(activatedAt) }),
    ...(retiringAt !== undefined && { retiringAt: new Date(retiringAt) }),
    ...(retiredAt !== undefined && { retiredAt: new Date(retiredAt) }),
    ...(compromisedAt !== undefined && { compromisedAt: new Date(compromisedAt) }),
  };
}
