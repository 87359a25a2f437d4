import type { RedisClient } from '../../connection.ts';
import { SessionError } from '../../errors.ts';
import type { Region } from '../../regions/region.ts';
import { nowOf, sessionLife, type WritingOptions } from '../entry-arguments.ts';
import { revocationKeys } from '../keys.ts';
import { toHead } from '../member.ts';
import type { RevocationEntry } from '../revocation.ts';
import { createRevokerOf, type Revoker, type RevokerOptions } from '../revoker.ts';
import { ANSWER, BEAT, MARK, STREAM_LIFE_MS } from '../scripts.ts';
import { noteOf } from './arrivals.ts';
import type { Bridge, Place } from './bridge.ts';
import type { Mark, RegionState } from './region-news.ts';
import { regionFields } from './report.ts';

export interface RegionalRevokerOptions extends RevokerOptions {
  /** The store that all regions share; `redis` is the region's own. */
  readonly global: RedisClient;
  readonly region: Region;
}

/** All reject with SessionError `redis_unavailable` only if neither place works. */
export interface RegionalRevoker extends Revoker {
  /** Gives a region up as lost, or takes it back, in every place that can be reached; the others learn of it. */
  mark(name: string, state: RegionState): Promise<void>;
  /** What a reader needs to be the bridge, but for `onArrival`. */
  readonly bridge: Omit<Bridge, 'onArrival'>;
}

/**
 * Revokes in the region's own store, and in the one that all share while that is away: there by the clock of this process,
 * since Redis' clock is that of another region.
 */
export function createRegionalRevoker(options: RegionalRevokerOptions): RegionalRevoker {
  const { redis, global, clock, prefix = 'sk', region } = options;
  const keys = revocationKeys(prefix);
  const places = { local: redis, global } as const;
  const writing = {
    local: { ...options, region: region.name, isOwnClock: true },
    global: { ...options, region: region.name, isOwnClock: false },
  } satisfies Record<Place, WritingOptions>;
  const revokers = {
    local: createRevokerOf(options, writing.local),
    global: createRevokerOf({ ...options, redis: global }, writing.global),
  };
  const anywhere = <T>(act: (place: Place) => Promise<T>) =>
    eitherOf(
      () => act('local'),
      () => act('global'),
    );

  async function answerAt(place: Place, entry: RevocationEntry): Promise<void> {
    const { kind, id, issuedBefore = 0, region: asker = '', until } = entry;
    const own = writing[place];
    const head = toHead(nowOf(own), { region: region.name, answers: { region: asker, issuedBefore } });
    const note = `${region.name} ${noteOf(entry)}`;
    await ANSWER.run(
      places[place],
      [keys.stream, keys.ofKind(kind), keys.answered],
      [clock().getTime(), STREAM_LIFE_MS, kind, id, head, until, sessionLife(own), note],
    );
  }

  function markAt(place: Place, { name, state, at }: Mark, isNew: boolean): Promise<unknown> {
    return MARK.run(places[place], [keys.regions], [regionFields.mark(name), state, at, isNew ? 1 : 0]);
  }

  return {
    revoke: (...revocations) => anywhere((place) => revokers[place].revoke(...revocations)),
    end: (sessions) => anywhere((place) => revokers[place].end(sessions)),
    restore: revokers.local.restore,
    async mark(name, state) {
      const now = clock().getTime();
      // Global first: it may know of a mark from another region that this one is to be later than.
      const at = await eitherOf(
        async () => Number(await markAt('global', { name, state, at: now }, true)),
        async () => Number(await markAt('local', { name, state, at: now }, true)),
      );
      await eitherOf(
        () => markAt('local', { name, state, at }, false),
        async () => undefined,
      );
    },
    bridge: {
      restoreLocal: revokers.local.restore,
      restoreGlobal: revokers.global.restore,
      answer: (entry) => anywhere((place) => answerAt(place, entry)),
      beat: async (ageMs) => void (await BEAT.run(global, [keys.regions], [regionFields.whole(region.name), ageMs])),
      mark: async (place, mark) => void (await markAt(place, mark, false)),
    },
  };
}

async function eitherOf<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== 'redis_unavailable') throw error;
    return second();
  }
}
