export { type Device, deviceFingerprint } from './device.ts';
export { SessionError, type SessionErrorCode } from './errors.ts';
export type { NewSession, Session } from './session.ts';
export { createSessionStore, type SessionStore, type SessionStoreOptions } from './store.ts';
