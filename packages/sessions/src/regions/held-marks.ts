import type { RedisClient } from '../connection.ts';
import { HISTORY_FUNCTION } from '../history.ts';
import type { Shard } from '../keys.ts';
import { LuaScript, TIME_FUNCTION } from '../lua-script.ts';
import { items, strings } from '../replies.ts';

/**
 * KEYS the name of this store, the mark as it was last seen. ARGV a name that nobody else has. Returns the name, which it keeps until it
 * loses everything, and the mark.
 */
const NAME = new LuaScript(`
redis.call('SETNX', KEYS[1], ARGV[1])
return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]) or '0'}`);

/** KEYS the mark as it was last seen. ARGV it is now. */
const REMEMBER = new LuaScript(`
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[1]) or 0) then redis.call('SET', KEYS[1], ARGV[1]) end`);

/** What was lost of a shorter time is sent again by `createResend`: no fail-over has everything sent. */
const LOST_MS = 60_000;

/** A function of scripts: sets the mark to the time of this server, or to `least` if that is later, and lets it live from now on. */
const RAISE_FUNCTION = `${TIME_FUNCTION}
local function raise(least, life)
  local mark = math.max(redisTime(), least)
  redis.call('SET', KEYS[1], string.format('%.0f', mark), 'PX', life)
  return mark
end
`;

/** KEYS mark. ARGV as it was last seen, life in ms. Returns the mark raised, 0 where it is missing or from before; and the history of the store. */
const LOOK = new LuaScript(`${HISTORY_FUNCTION}${RAISE_FUNCTION}
local mark = tonumber(redis.call('GET', KEYS[1]))
local isHeld = mark and mark >= ARGV[1] - ${LOST_MS}
return {isHeld and raise(mark, ARGV[2]) or 0, history()}`);

/** KEYS mark. ARGV as it was last seen, life in ms. Returns it as it is now. */
const HOLD = new LuaScript(`${RAISE_FUNCTION}
return raise(tonumber(ARGV[1]), ARGV[2])`);

export interface HeldMarksOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  /** Text that nobody else has: letters, digits, "_" and "-". */
  readonly consumer: string;
  /** Milliseconds a mark lives after it was last set. */
  readonly lifeMs: number;
  readonly prefix: string;
}

/** Of a shard, by which the global store says that it has all of it. */
export interface HeldMark {
  readonly key: string;
  /** Where this region keeps it as it was last seen. */
  readonly remembered: string;
  readonly seen: string;
}

export interface Sight {
  readonly mark: HeldMark;
  /** Whether the global store still has what it once had. */
  readonly isHeld: boolean;
  /** Of the global store, as it is now. */
  readonly history: string;
}

/**
 * A shard of the global store that has all of a region says so by a mark that it would lose with the rest. At each look it is set to the
 * time there, and the region remembers it: one that is missing or from before tells of a loss.
 */
export interface HeldMarks {
  look(shard: Shard): Promise<Sight>;
  /** From now on the global store is held to have all of the shard. */
  hold(mark: HeldMark): Promise<void>;
}

export function createHeldMarks({ local, global, consumer, lifeMs, prefix }: HeldMarksOptions): HeldMarks {
  async function markOf(shard: Shard): Promise<HeldMark> {
    const remembered = `${prefix}:{${shard}}:held`;
    const [name = '', seen = ''] = strings(
      await NAME.run(local, [`${prefix}:{${shard}}:store`, remembered], [consumer]),
    );
    return { key: `${prefix}:{${shard}}:holds:${name}`, remembered, seen };
  }

  /** After the global store has it, so that what is there is no less. */
  const remember = ({ remembered }: HeldMark, mark: unknown) => REMEMBER.run(local, [remembered], [Number(mark)]);

  return {
    async look(shard) {
      const mark = await markOf(shard);
      const reply = await LOOK.run(global, [mark.key], [mark.seen, lifeMs]);
      const [raised, history] = items(reply);
      const isHeld = Number(raised) > 0;
      if (isHeld) await remember(mark, raised);
      return { mark, isHeld, history: String(history) };
    },
    async hold(mark) {
      await remember(mark, await HOLD.run(global, [mark.key], [mark.seen, lifeMs]));
    },
  };
}
