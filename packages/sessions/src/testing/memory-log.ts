import type { Heard, LoggedEntry, Position, RevocationLog } from '../revocation/log.ts';
import { toHead } from '../revocation/member.ts';
import type { Mark } from '../revocation/regional/region-news.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';

export interface MemoryLog extends RevocationLog {
  /** Adds to the sets and to the stream, as a revoker does. */
  add(...entries: readonly (RevocationEntry | undefined)[]): void;
  /** As a revoker restores: what is there already, and stays as long, is not added again. Rejects while the log fails. */
  restore(entries: readonly Heard[]): Promise<void>;
  /** Says that everything of a region is here that it revoked until so many milliseconds ago. */
  beat(region: string, ageMs: number): Promise<void>;
  mark(mark: Mark): Promise<void>;
  /** How many entries were ever added. */
  readonly added: number;
  /** Cuts the stream down to its last entries; the sets keep everything. */
  trim(keep: number): void;
  /** Forgets the last entries, as a replica does that took over before it had them. */
  loseLast(count: number): void;
  flush(): void;
  /** Answers reads that wait, without news, as Redis does every second. */
  tick(): void;
  /** From now on every call rejects, until `error` is undefined. */
  fail(error: Error | undefined): void;
  /** Run once, in the middle of the next reading of the sets. */
  whileLoading(action: () => void): void;
  readonly isClosed: boolean;
}

/** A stream and its sets in memory, as strict as Redis: positions grow, and a read waits until there is something. */
export function memoryLog(now: () => number): MemoryLog {
  let sets: (RevocationEntry | undefined)[] = [];
  let stream: LoggedEntry[] = [];
  let last: Position = '0-0';
  let failure: Error | undefined;
  let duringLoad: (() => void) | undefined;
  let isClosed = false;
  let added = 0;
  const whole = new Map<string, number>();
  const marks = new Map<string, Mark>();
  let news = Promise.withResolvers<void>();
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const attempt = () => {
    if (failure !== undefined) throw failure;
  };
  const behind = (position: Position) => stream.filter((entry) => isBehind(entry.position, position));
  const has = (entry: RevocationEntry) =>
    sets.some((held) => held !== undefined && nameOf(held) === nameOf(entry) && held.until >= entry.until);
  const log: MemoryLog = {
    get isClosed() {
      return isClosed;
    },
    get added() {
      return added;
    },
    async restore(entries) {
      attempt();
      for (const entry of entries) if (!has(entry)) log.add(entry);
    },
    async beat(region, ageMs) {
      attempt();
      whole.set(region, Math.max(whole.get(region) ?? 0, now() - ageMs));
    },
    async mark(mark) {
      attempt();
      if (mark.at > (marks.get(mark.name)?.at ?? 0)) marks.set(mark.name, mark);
    },
    add(...entries: readonly (Heard | undefined)[]) {
      added += entries.length;
      for (const heard of entries) {
        const [ms = 0, n = 0] = last.split('-').map(Number);
        const position = now() > ms ? `${now()}-0` : `${ms}-${n + 1}`;
        stream.push({ position, after: last, entry: heard, from: heard?.from, ageMs: heard?.ageMs });
        sets.push(heard);
        last = position;
      }
      tell();
    },
    trim(keep) {
      stream = keep === 0 ? [] : stream.slice(-keep);
    },
    loseLast(count) {
      stream = stream.slice(0, -count);
      sets = sets.slice(0, -count);
      last = stream.at(-1)?.position ?? '0-0';
      tell();
    },
    flush() {
      stream = [];
      sets = [];
      whole.clear();
      marks.clear();
      last = '0-0';
      tell();
    },
    tick: tell,
    fail(error) {
      failure = error;
      tell();
    },
    whileLoading(action) {
      duringLoad = action;
    },
    async now() {
      attempt();
      return now();
    },
    async last() {
      attempt();
      return last;
    },
    async *all() {
      attempt();
      const entries = [...sets];
      duringLoad?.();
      duringLoad = undefined;
      for (const entry of entries) yield [entry];
      attempt();
    },
    async next(position) {
      attempt();
      const asked = last;
      if (asked === position) await news.promise;
      attempt();
      return { last: asked, entries: behind(position) };
    },
    async regions() {
      attempt();
      return { now: now(), whole: new Map(whole), marks: [...marks.values()] };
    },
    close() {
      isClosed = true;
      failure = new Error('the log is closed');
      tell();
    },
  };
  return log;
}

function nameOf({ kind, id, issuedBefore, ...said }: RevocationEntry): string {
  return `${kind} ${issuedBefore === undefined ? '' : toHead(String(issuedBefore), said)}:${id}`;
}

function isBehind(position: Position, other: Position): boolean {
  const [ms = 0, n = 0] = position.split('-').map(Number);
  const [otherMs = 0, otherN = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && n > otherN);
}
