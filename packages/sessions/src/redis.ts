/**
 * How the platform uses Redis: one kind of connection, scripts, one error. Sessions are what it is kept for, so it
 * lives here; what else is kept there (the limits of log-in) imports it as `@sekisho/sessions/redis`.
 */
export { connectRedis, type RedisClient, type RedisConnection, type RedisOptions } from './connection.ts';
export { LuaScript, TIME_FUNCTION } from './lua-script.ts';
export { REDIS_URL_PATTERN } from './redis-url.ts';
