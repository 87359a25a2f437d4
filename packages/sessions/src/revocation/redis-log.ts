import { isRegionName } from '@sekisho/tokens';
import type { RedisConnection } from '../connection.ts';
import { HISTORY_FUNCTION } from '../history.ts';
import { TIME_FUNCTION } from '../lua-script.ts';
import { redisCall } from '../redis-call.ts';
import { items } from '../replies.ts';
import { revocationKeys } from './keys.ts';
import { BEGINNING, BLOCK_MS, type Head, type LoggedEntry, type Position, type RevocationLog } from './log.ts';
import { toEntry } from './member.ts';
import { toReport } from './regional/report.ts';

const PAGE = 1_000;
/** Of a set: one page follows from the other, so a line that is long should be taken seldom. */
const SCAN_PAGE = 5_000;

/**
 * KEYS stream. Returns the time in ms, the last position, and the history, all of the node of a Cluster that has the stream: another one
 * may be away, and has a clock and a history of its own. Sent whole each time, since a script that is not known would be asked for again
 * behind the read that waits.
 */
const HEAD = `${HISTORY_FUNCTION}${TIME_FUNCTION}
local last = '${BEGINNING}'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err and not string.find(info.err, 'no such key', 1, true) then return info end
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
return {redisTime(), last, history()}`;

/** @param redis a connection of its own: a read that waits holds up every other command */
export function createRedisLog(redis: RedisConnection, prefix: string): RevocationLog {
  const { stream, sets, regions } = revocationKeys(prefix);
  const head = async (): Promise<Head & { readonly now: number }> => {
    const reply = await redisCall(redis.eval(HEAD, 1, stream));
    const [now, last, history] = items(reply);
    return { now: Number(now), last: String(last), history: String(history) };
  };
  const now = async () => (await head()).now;
  return {
    now,
    head,
    async *all() {
      for (const { kind, key } of sets) {
        for await (const page of scan(redis, key)) yield page.map(([member, until]) => toEntry(kind, member, until));
      }
    },
    async next(position) {
      // One connection answers in order: asked before it is read, in one round trip.
      const asking = head();
      const read = redisCall(redis.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', stream, position));
      const [{ last, history }, reply] = await Promise.all([asking, read]);
      const [, rows = []] = reply?.[0] ?? [];
      return { last, history, entries: rows.map(([id, fields]) => toLogged(id, fields)) };
    },
    async regions() {
      const [fields, asked] = await Promise.all([redisCall(redis.hgetall(regions)), now()]);
      return toReport(fields, asked);
    },
    close: () => redis.disconnect(),
  };
}

async function* scan(redis: RedisConnection, key: string): AsyncGenerator<(readonly [string, string])[]> {
  let cursor = '0';
  do {
    const [next, flat] = await redisCall(redis.zscan(key, cursor, 'COUNT', SCAN_PAGE));
    cursor = next;
    yield pairs(flat);
  } while (cursor !== '0');
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? '']);
}

function toLogged(position: Position, flat: readonly string[]): LoggedEntry {
  const fields = new Map(pairs(flat));
  const field = (name: string) => fields.get(name) ?? '';
  const entry = toEntry(field('kind'), field('member'), field('until'));
  const [from, ageMs] = [fields.get('from'), Number(field('age'))];
  if (from === undefined || !isRegionName(from)) return { position, after: fields.get('after'), entry };
  return { position, after: fields.get('after'), entry, from, ageMs: Number.isSafeInteger(ageMs) ? ageMs : 0 };
}
