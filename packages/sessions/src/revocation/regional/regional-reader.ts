import type { Region } from '../../regions/region.ts';
import { Arrears } from '../arrears.ts';
import { Follower, type FollowerOptions, type Shared } from '../follower.ts';
import type { Heard, RevocationLog } from '../log.ts';
import type { RevocationObserver } from '../observer.ts';
import type { RevocationReader } from '../reader.ts';
import { type Origin, type Refusal, type RevocableClaims, RevocationSet } from '../revocation-set.ts';
import { Arrivals } from './arrivals.ts';
import type { Bridge, BridgeObserver, Place } from './bridge.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Instant, RegionBook, type RegionNews, type RegionReport } from './region-news.ts';
import { RegionNotes } from './region-notes.ts';

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

/**
 * Follows the revocations of this region and those that all regions share into one set: whichever tells first. Where it runs the
 * bridge, what one log tells and the other lacks is written there, so every revocation reaches every region whichever line fails,
 * by way of those that work.
 */
export function startRegionalRevocationReader(options: RegionalReaderOptions): RevocationReader {
  return new RegionalReader(options);
}

/** How long a reader that starts waits for the second log when it has one. */
const PATIENCE_MS = 5_000;

class RegionalReader implements RevocationReader {
  readonly #options: RegionalReaderOptions;
  readonly #monotonic: () => number;
  readonly #startedAt: number;
  readonly #set: RevocationSet;
  readonly #book: RegionBook;
  readonly #arrears: Readonly<Record<Place, Arrears>>;
  readonly #followers: Readonly<Record<Place, Follower>>;
  readonly #arrivals: Arrivals | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #notes: RegionNotes | undefined;
  readonly #ready = Promise.withResolvers<void>();
  readonly #running: Promise<unknown>;
  #isMarking = false;

  constructor(options: RegionalReaderOptions) {
    const { region, clock, bridge, observers, monotonic = () => performance.now() } = options;
    this.#options = options;
    this.#monotonic = monotonic;
    this.#startedAt = monotonic();
    this.#set = new RevocationSet([region.name, ...region.others]);
    this.#book = new RegionBook({ region, monotonic });
    this.#arrears = {
      local: this.#createArrears('local', bridge?.restoreLocal),
      global: this.#createArrears('global', bridge?.restoreGlobal),
    };
    this.#followers = { local: this.#follow('local'), global: this.#follow('global') };
    if (bridge !== undefined) {
      const onFailure = (entries: number, cause: unknown) => observers?.bridge?.unanswered?.(entries, cause);
      this.#arrivals = new Arrivals({ set: this.#set, region: region.name, clock, bridge, onFailure });
      this.#heartbeat = new Heartbeat({ ...this.#followers, bridge, arrears: this.#arrears.global, monotonic });
      const notes = { bridge, monotonic, book: this.#book, arrears: this.#arrears.local };
      this.#notes = new RegionNotes({ ...notes, ...this.#followers });
    }
    this.#running = Promise.all(Object.values(this.#followers).map((follower) => follower.run()));
  }

  check(claims: RevocableClaims, from?: string | Origin): Refusal | undefined {
    return this.#set.check(claims, from);
  }

  get staleMs(): number {
    return Math.min(this.#followers.local.staleMs, this.#book.ageOf(this.#options.region.name));
  }

  get behindMs(): number {
    return this.#book.behindMs;
  }

  regions(): readonly RegionNews[] {
    return this.#book.others;
  }

  get size(): number {
    return this.#set.size;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async stop(): Promise<void> {
    for (const follower of Object.values(this.#followers)) follower.stop();
    await this.#running;
    await Promise.all([this.#arrivals?.stop(), this.#arrears.local.stop(), this.#arrears.global.stop()]);
  }

  #createArrears(to: Place, restore: Bridge['restoreLocal'] | undefined): Arrears {
    const { observers } = this.#options;
    return new Arrears({
      ...{ restore, monotonic: this.#monotonic },
      // What one log told until it was heard last is owed to the other.
      owedUntil: () => this.#followers[otherThan(to)].heardAt,
      onPaid: (entries) => {
        observers?.bridge?.bridged?.(entries, to);
        this.#work();
      },
      onUnpaid: (entries, cause) => observers?.bridge?.unbridged?.(entries, to, cause),
    });
  }

  #follow(place: Place): Follower {
    const { region, observers, ...options } = this.#options;
    const log = options[place];
    const shared: Shared = {
      set: this.#set,
      arrears: this.#arrears[place],
      onNews: (news) => this.#spread(place, news),
      onTurn: () => this.#work(),
      beside: async () => {
        const asked = { monotonic: this.#monotonic(), wall: options.clock().getTime() };
        const report = await log.regions();
        return () => this.#learn(place, report, asked);
      },
    };
    const observer = observing(observers?.[place], region);
    return new Follower({ ...options, ...observer, log, monotonic: this.#monotonic }, shared);
  }

  /** The other log is to have it too. */
  #spread(place: Place, news: readonly Heard[]): void {
    const other = this.#arrears[otherThan(place)];
    other.owe(place === 'local' ? news.map((heard) => signed(heard, this.#options.region.name)) : news);
    void other.pay();
    this.#arrivals?.hear(news);
    this.#work();
  }

  #learn(place: Place, report: RegionReport, asked: Instant): void {
    const { bridge } = this.#options;
    const unknown = this.#book.hear(report, asked);
    if (bridge === undefined || unknown.length === 0 || this.#isMarking) return;
    this.#isMarking = true;
    // One that fails is made good with the next report.
    void Promise.allSettled(unknown.map((mark) => bridge.mark(place, mark))).then(() => {
      this.#isMarking = false;
    });
  }

  /** Nothing is answered by half of what is known: the other half may hold the answer. */
  #work(): void {
    const loaded = Object.values(this.#followers).filter(({ staleMs }) => Number.isFinite(staleMs)).length;
    const isPatient = this.#monotonic() - this.#startedAt <= PATIENCE_MS;
    if (loaded === 0 || (loaded === 1 && isPatient)) return;
    this.#ready.resolve();
    void this.#arrivals?.work();
    this.#heartbeat?.beat();
    this.#notes?.note();
  }
}

function otherThan(place: Place): Place {
  return place === 'local' ? 'global' : 'local';
}

/** In its own log a region need not say what is from itself. What was loaded says nothing of where it is from. */
function signed(heard: Heard, region: string): Heard {
  return heard.ageMs === undefined || heard.from !== undefined ? heard : { ...heard, from: region };
}

/** News are from the others that there are: neither from this one, nor from one that it was not told of. */
function observing(observer: RevocationObserver | undefined, { others }: Region): Pick<FollowerOptions, 'observer'> {
  if (observer === undefined) return {};
  const known = (from: string | undefined) => (from !== undefined && others.includes(from) ? from : undefined);
  return {
    observer: { ...observer, propagated: (seconds, kind, from) => observer.propagated?.(seconds, kind, known(from)) },
  };
}
