import type { RevocationLog } from '../revocation/log.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import { noteOf } from '../revocation/regional/arrivals.ts';
import type { Bridge } from '../revocation/regional/bridge.ts';
import { type RegionalReaderOptions, startRegionalRevocationReader } from '../revocation/regional/regional-reader.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';
import { MemoryLog } from './memory-log.ts';

export type Step = keyof Bridge;

export interface MemoryRegion {
  readonly name: string;
  readonly local: MemoryLog;
  /** Entries of other regions that `onArrival` was told of. */
  readonly arrived: RevocationEntry[];
  /** Between the region and global. */
  isCut: boolean;
  /** What the next call of a step does before it, or instead of it when it throws. */
  readonly before: Partial<Record<Step, () => void>>;
  /** The region's clock, epoch seconds. */
  seconds(): number;
  /** Starts a process that follows; a guard has no bridge. */
  start(options?: { readonly isGuard?: boolean } & Partial<RegionalReaderOptions>): RevocationReader;
}

export interface MemoryRegions {
  readonly global: MemoryLog;
  readonly time: { now: number; monotonic: number };
  region(name: string): MemoryRegion;
  /** A moment goes by: reads without news are answered, and loops try again. */
  tick(ms?: number): void;
  stop(): Promise<void>;
}

const UNCUT = { isCut: false };
const LIFE_MS = 7 * 24 * 60 * 60_000;

/** Regions in memory, each with a log and a clock of its own, and a line to the log that they share. */
export function memoryRegions(skews: Readonly<Record<string, number>>): MemoryRegions {
  const time = { now: 1_800_000_000_000, monotonic: 0 };
  const global = new MemoryLog(() => time.now);
  const readers: RevocationReader[] = [];
  const shared: Shared = { global, time, names: Object.keys(skews), onReader: (reader) => readers.push(reader) };
  const regions = new Map(Object.entries(skews).map(([name, skewMs]) => [name, createRegion(shared, name, skewMs)]));
  return {
    global,
    time,
    region(name) {
      const region = regions.get(name);
      if (region === undefined) throw new TypeError(`no region ${name}`);
      return region;
    },
    tick(ms = 100) {
      time.now += ms;
      time.monotonic += ms;
      for (const log of [global, ...[...regions.values()].map(({ local }) => local)]) log.tick();
    },
    async stop() {
      await Promise.all(readers.splice(0).map((reader) => reader.stop()));
    },
  };
}

/** What all regions have in common. */
interface Shared extends Pick<MemoryRegions, 'global' | 'time'> {
  readonly names: readonly string[];
  readonly onReader: (reader: RevocationReader) => void;
}

function createRegion({ global, time, names, onReader }: Shared, name: string, skewMs: number): MemoryRegion {
  const now = () => time.now + skewMs;
  const answered = new Set<string>();
  const region: MemoryRegion = {
    ...{ name, isCut: false, before: {}, arrived: [], local: new MemoryLog(now) },
    seconds: () => Math.floor(now() / 1000),
    start({ isGuard = false, ...options } = {}) {
      const reader = startRegionalRevocationReader({
        local: throughLine(region.local, UNCUT),
        global: throughLine(global, region),
        region: { name, others: names.filter((other) => other !== name) },
        clock: () => new Date(now()),
        monotonic: () => time.monotonic,
        sleep: async () => {
          await new Promise((resolve) => setImmediate(resolve));
        },
        ...(!isGuard && { bridge: createBridge({ region, global, answered }) }),
        ...options,
      });
      onReader(reader);
      return reader;
    },
  };
  return region;
}

interface BridgeParts {
  readonly region: MemoryRegion;
  readonly global: MemoryLog;
  /** What any process of the region answered. */
  readonly answered: Set<string>;
}

function createBridge({ region, global, answered }: BridgeParts): Bridge {
  const { name, local } = region;
  const attempt = (step: Step) => {
    const act = region.before[step];
    delete region.before[step];
    act?.();
  };
  const reach = (step: Step) => {
    attempt(step);
    if (region.isCut) throw new Error('the line is cut');
  };
  return {
    async restoreLocal(entries) {
      attempt('restoreLocal');
      await local.restore(entries);
    },
    async restoreGlobal(entries) {
      reach('restoreGlobal');
      await global.restore(entries);
    },
    async answer(entry) {
      attempt('answer');
      const note = noteOf(entry);
      if (answered.has(note)) return;
      const { kind, id, region: asker = '', issuedBefore = 0 } = entry;
      const until = Math.max(entry.until, region.seconds() * 1000 + LIFE_MS);
      const answers = { region: asker, issuedBefore };
      await local.restore([{ kind, id, region: name, issuedBefore: region.seconds(), answers, until }]);
      answered.add(note);
    },
    async beat({ history, ...beat }) {
      reach('beat');
      if (history === global.history) await global.beat(name, beat);
    },
    async note(at, notes) {
      attempt('note');
      await local.note(at, notes);
    },
    async mark(place, mark) {
      reach('mark');
      await (place === 'local' ? local : global).mark(mark);
    },
    async onArrival(entry) {
      attempt('onArrival');
      region.arrived.push(entry);
    },
  };
}

/** The log as a process sees it that may be cut off. A read that waits learns of it when it is answered. */
function throughLine(log: MemoryLog, line: { readonly isCut: boolean }): RevocationLog {
  let isClosed = false;
  const pass = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    if (line.isCut || isClosed) throw new Error('the line is cut');
    return value;
  };
  return {
    now: () => pass(log.now()),
    head: () => pass(log.head()),
    async *all() {
      for await (const page of log.all()) yield await pass(Promise.resolve(page));
    },
    next: (position) => pass(log.next(position)),
    regions: () => pass(log.regions()),
    close() {
      isClosed = true;
      log.tick();
    },
  };
}
