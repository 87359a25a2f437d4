export { type Device, deviceFingerprint } from './device.ts';
export { SessionError, type SessionErrorCode } from './errors.ts';
export { LuaScript } from './lua-script.ts';
export { connectRedis, type RedisClient, type RedisOptions } from './redis.ts';
export { redisCall } from './redis-call.ts';
export type { NewSession, Session } from './session.ts';
export { createSessionStore, type SessionStore, type SessionStoreOptions } from './store.ts';
