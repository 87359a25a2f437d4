import { LuaScript, type RedisClient } from '@sekisho/sessions/redis';

/** What oidc-provider keeps for a while: codes, interactions, device codes, pushed requests, sessions, grants, used jtis. */
export interface Artefacts {
  /** @param ttl seconds. Replaces what is there, but not that it was used. */
  save(kind: string, id: string, value: { readonly json: string; readonly ttl: number }): Promise<void>;
  /** @returns false when there is one already */
  saveFirst(kind: string, id: string, value: { readonly json: string; readonly ttl: number }): Promise<boolean>;
  find(kind: string, id: string): Promise<Artefact | undefined>;
  remove(kind: string, id: string): Promise<void>;
  /**
   * Uses an artefact that may be used once, however many try at once. It then stays a while, so that a second use is
   * known for one and what was issued for the first can be taken back (RFC 6749 section 4.1.2).
   */
  use(kind: string, id: string): Promise<Use>;
  /**
   * Notes what was issued for an artefact that was used.
   * @returns false when it was used again meanwhile: who asks takes back what was issued
   */
  issued(kind: string, id: string, what: string): Promise<boolean>;
}

export interface Artefact {
  readonly json: string;
  readonly used: boolean;
}

export type Use = { readonly first: true } | { readonly first: false; readonly issued?: string };

/** Longer than any code lives: a replay is answered by revocation and not only refused. */
const USED_TTL_SECONDS = 600;
/** Ids come from clients too; all of ours are shorter. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/** KEYS artefact. ARGV json, seconds, whether only the first is kept. Returns 1 when it was kept. */
const SAVE = new LuaScript(`
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'json', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`);

const FIND = new LuaScript(`return redis.call('HMGET', KEYS[1], 'json', 'used')`);

const REMOVE = new LuaScript(`return redis.call('DEL', KEYS[1])`);

/** KEYS artefact. ARGV seconds. Returns 1 for the first use, else what was issued for it or ''. */
const USE = new LuaScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return '' end
if redis.call('HSETNX', KEYS[1], 'used', '1') == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  return 1
end
redis.call('HSET', KEYS[1], 'replayed', '1')
return redis.call('HGET', KEYS[1], 'issued') or ''`);

/** KEYS artefact. ARGV what was issued. Returns 0 when it was replayed, or is gone, so that a replay could not be seen. */
const ISSUED = new LuaScript(`
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'replayed') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'issued', ARGV[1])
return 1`);

/**
 * Artefacts in Redis, each in one hash, so that each change is one step in one cluster slot.
 * @param prefix first part of every key
 */
export function createArtefacts(redis: RedisClient, prefix: string): Artefacts {
  const key = (kind: string, id: string) => `${prefix}:oauth:${kind}:${id}`;
  const save = async (kind: string, id: string, args: readonly (string | number)[]) =>
    (await SAVE.run(redis, [key(kind, id)], args)) === 1;
  return {
    save: async (kind, id, { json, ttl }) => void (await save(kind, id, [json, ttl, 0])),
    saveFirst: (kind, id, { json, ttl }) => save(kind, id, [json, ttl, 1]),
    async find(kind, id) {
      if (!ID.test(id)) return undefined;
      const [json, used] = (await FIND.run(redis, [key(kind, id)], [])) as [string | null, string | null];
      return json === null ? undefined : { json, used: used !== null };
    },
    remove: async (kind, id) => void (await REMOVE.run(redis, [key(kind, id)], [])),
    async use(kind, id) {
      const answer = await USE.run(redis, [key(kind, id)], [USED_TTL_SECONDS]);
      if (answer === 1) return { first: true };
      return { first: false, ...(answer !== '' && { issued: String(answer) }) };
    },
    issued: async (kind, id, what) => (await ISSUED.run(redis, [key(kind, id)], [what])) === 1,
  };
}
