import { type LogoutNotices, type Taken, whileRedisUnavailable } from '@sekisho/sessions';

/**
 * Notices of this region, and those in the global store, which somebody left there whose own store was away. One that was taken
 * goes back to where it came from. While the global store is away those of this region are told all the same.
 */
export function joinNotices(local: LogoutNotices, global: LogoutNotices): LogoutNotices {
  /** Sessions whose notices this process took from the global store, and has not given back. */
  const foreign = new Set<string>();
  const takeForeign = async (limit: number): Promise<Taken> => {
    // Its connection tells that it is away.
    const taken = await global.take(limit).catch(whileRedisUnavailable(() => NONE));
    for (const { sessionId } of taken.notices) foreign.add(sessionId);
    return taken;
  };
  const originOf = (sessionId: string) => (foreign.delete(sessionId) ? global : local);
  return {
    async take(limit) {
      const own = await local.take(limit);
      const room = limit - own.notices.length;
      const other = room > 0 ? await takeForeign(room) : NONE;
      return { notices: [...own.notices, ...other.notices], waiting: own.waiting + other.waiting };
    },
    forget: (notice) => originOf(notice.sessionId).forget(notice),
    postpone: (notice, afterMs) => originOf(notice.sessionId).postpone(notice, afterMs),
  };
}

const NONE: Taken = { notices: [], waiting: 0 };
