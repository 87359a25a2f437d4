import type { RedisClient } from '../../connection.ts';
import { whileRedisUnavailable } from '../../errors.ts';
import type { Region } from '../../regions/region.ts';
import { nowOf, sessionLife } from '../entry-arguments.ts';
import { revocationKeys } from '../keys.ts';
import { toHead } from '../member.ts';
import type { RevocationEntry } from '../revocation.ts';
import { createRevokerOf, type Revoker, type RevokerOptions } from '../revoker.ts';
import { ANSWER, BEAT, MARK, NOTE, STREAM_LIFE_MS } from '../scripts.ts';
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
  const { clock, prefix = 'sk', region } = options;
  const keys = revocationKeys(prefix);
  const local = openPlace(options, 'local');
  const global = openPlace(options, 'global');
  const anywhere = async <T>(act: (place: WritablePlace) => Promise<T>) =>
    act(local).catch(whileRedisUnavailable(() => act(global)));
  return {
    revoke: (...revocations) => anywhere(({ revoker }) => revoker.revoke(...revocations)),
    end: (sessions) => anywhere(({ revoker }) => revoker.end(sessions)),
    restore: local.revoker.restore,
    async mark(name, state) {
      const now = clock().getTime();
      const marking = (place: WritablePlace) => place.mark({ name, state, at: now }, true);
      // Global first: it may know of a mark from another region that this one is to be later than.
      const at = Number(await marking(global).catch(whileRedisUnavailable(() => marking(local))));
      await local.mark({ name, state, at }, false).catch(whileRedisUnavailable(() => undefined));
    },
    bridge: {
      restoreLocal: local.revoker.restore,
      restoreGlobal: global.revoker.restore,
      answer: async (entry) => void (await anywhere((place) => place.answer(entry))),
      async beat({ wholeMs, untoldMs, history }) {
        const told = untoldMs === undefined ? [] : [regionFields.told(region.name), untoldMs];
        await BEAT.run(options.global, [keys.regions], [history, regionFields.whole(region.name), wholeMs, ...told]);
      },
      async note({ last, history }, notes) {
        const moments = notes.flatMap(({ name, ageMs, wall }) => [regionFields.noted(name), ageMs, wall]);
        await NOTE.run(options.redis, [keys.regions, keys.stream], [last, history, ...moments]);
      },
      mark: async (place, mark) => void (await (place === 'local' ? local : global).mark(mark, false)),
    },
  };
}

interface WritablePlace {
  readonly revoker: Revoker;
  /** Writes this region's own moment for an entry of another one. */
  answer(entry: RevocationEntry): Promise<unknown>;
  /** @param isNew whether it is made now, and later than any there. @returns when it was made, by what the place knows */
  mark(mark: Mark, isNew: boolean): Promise<unknown>;
}

function openPlace(options: RegionalRevokerOptions, place: Place): WritablePlace {
  const { clock, prefix = 'sk' } = options;
  const redis = place === 'local' ? options.redis : options.global;
  const region = options.region.name;
  const isOwnClock = place === 'local';
  const writing = { ...options, region, isOwnClock };
  const keys = revocationKeys(prefix);
  return {
    revoker: createRevokerOf({ ...options, redis }, { region, isOwnClock }),
    async answer(entry) {
      const { kind, id, issuedBefore = 0, region: asker = '', until } = entry;
      const head = toHead(nowOf(writing), { region, answers: { region: asker, issuedBefore } });
      const note = `${region} ${noteOf(entry)}`;
      return ANSWER.run(
        redis,
        [keys.stream, keys.ofKind(kind), keys.answered],
        [clock().getTime(), STREAM_LIFE_MS, kind, id, head, until, sessionLife(writing), note],
      );
    },
    mark: async ({ name, state, at }, isNew) =>
      MARK.run(redis, [keys.regions], [regionFields.mark(name), state, at, isNew ? 1 : 0]),
  };
}
