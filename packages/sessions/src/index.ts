export { type Device, deviceFingerprint } from './device.ts';
export { SessionError, type SessionErrorCode } from './errors.ts';
export {
  createRefreshStore,
  type FamilyOfSession,
  type RefreshAttempt,
  type RefreshFamily,
  type RefreshStore,
  type RefreshStoreOptions,
  type Rotation,
} from './refresh.ts';
export type { NewSession, Session } from './session.ts';
export { createSessionStore, type SessionStore, type SessionStoreOptions } from './store.ts';
