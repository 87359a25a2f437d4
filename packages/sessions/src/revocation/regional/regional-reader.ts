import type { Region } from '../../regions/region.ts';
import { Arrears } from '../arrears.ts';
import { Follower, type FollowerOptions, type RevocationObserver, type Shared } from '../follower.ts';
import type { RevocationLog } from '../log.ts';
import type { RevocationReader } from '../reader.ts';
import { RevocationSet } from '../revocation-set.ts';
import { Arrivals } from './arrivals.ts';
import type { Bridge, BridgeObserver, Place } from './bridge.ts';
import { Heartbeat } from './heartbeat.ts';
import { RegionBook } from './region-news.ts';

export interface RegionalReaderOptions extends Pick<FollowerOptions, 'clock' | 'monotonic' | 'sleep'> {
  /** The region's own store. */
  readonly local: RevocationLog;
  /** The one that all regions share. */
  readonly global: RevocationLog;
  readonly region: Region;
  readonly observers?: Readonly<Partial<Record<Place, RevocationObserver>>> & { readonly bridge?: BridgeObserver };
  /** @default this reader only reads */
  readonly bridge?: Bridge;
}

/** How long a reader that starts waits for the second log when it has one. */
const PATIENCE_MS = 5_000;

/**
 * Follows the revocations of this region and those that all regions share into one set: whichever tells first. Where it runs the
 * bridge, what one log tells and the other lacks is written there, so every revocation reaches every region whichever line fails,
 * by way of those that work.
 */
export function startRegionalRevocationReader(options: RegionalReaderOptions): RevocationReader {
  const { local, global, region, clock, bridge, observers, monotonic = () => performance.now() } = options;
  const set = new RevocationSet([region.name, ...region.others]);
  const book = new RegionBook({ region, monotonic });
  const arrears = {
    local: createArrears('local', bridge?.restoreLocal),
    global: createArrears('global', bridge?.restoreGlobal),
  };
  const arrivals = bridge && new Arrivals({ set, region: region.name, clock, bridge, onFailure: tellUnanswered });
  const followers = {
    local: follow('local', local, { owing: arrears.global, from: region.name }),
    global: follow('global', global, { owing: arrears.local, from: undefined }),
  };
  const heartbeat = bridge && new Heartbeat({ bridge, local: followers.local, arrears: arrears.global, monotonic });
  const ready = Promise.withResolvers<void>();
  const startedAt = monotonic();
  const running = Promise.all([followers.local.run(), followers.global.run()]);

  function createArrears(to: Place, restore: Bridge['restoreLocal'] | undefined): Arrears {
    return new Arrears({
      ...{ restore, monotonic },
      onPaid: (entries) => observers?.bridge?.bridged?.(entries, to),
      onUnpaid: (entries, cause) => observers?.bridge?.unbridged?.(entries, to, cause),
    });
  }

  function tellUnanswered(entries: number, cause: unknown): void {
    observers?.bridge?.unanswered?.(entries, cause);
  }

  /** @param from the region whose news a log tells that says nothing of where they are from */
  function follow(place: Place, log: RevocationLog, other: { owing: Arrears; from: string | undefined }): Follower {
    const shared: Shared = {
      set,
      arrears: arrears[place],
      onNews(news) {
        other.owing.owe(news.map((entry) => ({ ...entry, from: entry.from ?? other.from })));
        void other.owing.pay();
        arrivals?.hear(news);
        void arrivals?.work();
      },
      async beside() {
        const askedAt = monotonic();
        const report = await log.regions();
        return () => {
          for (const mark of book.hear(report, askedAt)) void bridge?.mark(place, mark).catch(() => undefined);
        };
      },
      onTurn,
    };
    return new Follower({ ...options, ...observing(observers?.[place], region.name), log, monotonic }, shared);
  }

  function onTurn(): void {
    void arrivals?.work();
    heartbeat?.beat();
    const loaded = Object.values(followers).filter(({ staleMs }) => Number.isFinite(staleMs)).length;
    if (loaded === 2 || (loaded === 1 && monotonic() - startedAt > PATIENCE_MS)) ready.resolve();
  }

  return {
    check: (claims, from) => set.check(claims, from),
    get staleMs() {
      return Math.min(followers.local.staleMs, book.ageOf(region.name));
    },
    get behindMs() {
      return book.behindMs;
    },
    regions: () => book.others,
    get size() {
      return set.size;
    },
    ready: ready.promise,
    async stop() {
      for (const follower of Object.values(followers)) follower.stop();
      await running;
      await Promise.all([arrivals?.work(), arrears.local.pay(), arrears.global.pay()]);
    },
  };
}

/** To itself a region is none of those that news come from. */
function observing(observer: RevocationObserver | undefined, own: string): Pick<FollowerOptions, 'observer'> {
  if (observer === undefined) return {};
  return {
    observer: {
      ...observer,
      propagated: (seconds, kind, from) => observer.propagated?.(seconds, kind, from === own ? undefined : from),
    },
  };
}
