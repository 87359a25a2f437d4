import { isRegionName } from '@sekisho/tokens';
import type { RedisConnection } from '../connection.ts';
import { redisCall } from '../redis-call.ts';
import { revocationKeys } from './keys.ts';
import { BEGINNING, BLOCK_MS, type LoggedEntry, type Position, type RevocationLog } from './log.ts';
import { toEntry } from './member.ts';
import { toReport } from './regional/report.ts';

const PAGE = 1_000;
/** Of a set: one page follows from the other, so a line that is long should be taken seldom. */
const SCAN_PAGE = 5_000;

/** @param redis a connection of its own: a read that waits holds up every other command */
export function createRedisLog(redis: RedisConnection, prefix: string): RevocationLog {
  const { stream, sets, regions } = revocationKeys(prefix);
  const now = async () => {
    const [seconds, microseconds] = await redisCall(redis.time());
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  };
  return {
    now,
    last: () => lastGenerated(redis, stream),
    async *all() {
      for (const { kind, key } of sets) {
        for await (const page of scan(redis, key)) yield page.map(([member, until]) => toEntry(kind, member, until));
      }
    },
    async next(position) {
      // One connection answers in order: asked before it is read, in one round trip.
      const last = lastGenerated(redis, stream);
      const read = redisCall(redis.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', stream, position));
      const [asked, reply] = await Promise.all([last, read]);
      const [, rows = []] = reply?.[0] ?? [];
      return { last: asked, entries: rows.map(([id, fields]) => toLogged(id, fields)) };
    },
    async regions() {
      const [fields, asked] = await Promise.all([redisCall(redis.hgetall(regions)), now()]);
      return toReport(fields, asked);
    },
    close: () => redis.disconnect(),
  };
}

async function lastGenerated(redis: RedisConnection, stream: string): Promise<Position> {
  const info = await redisCall(redis.xinfo('STREAM', stream).catch(noneWhenMissing));
  if (!Array.isArray(info)) return BEGINNING;
  return String(info[info.indexOf('last-generated-id') + 1]);
}

function noneWhenMissing(error: unknown): undefined {
  if (error instanceof Error && error.message.startsWith('ERR no such key')) return undefined;
  throw error;
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
