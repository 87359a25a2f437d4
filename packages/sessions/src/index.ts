export {
  DEVICE_POLICIES,
  type Device,
  type DevicePolicy,
  type DeviceProperty,
  deviceFingerprint,
} from './device.ts';
export { createDeviceCheck, type DeviceCheck, type DeviceCheckOptions, deviceChange } from './device-change.ts';
export {
  isRedisUnavailable,
  isSessionUntold,
  SessionError,
  type SessionErrorCode,
  whileRedisUnavailable,
} from './errors.ts';
export { isStoredId } from './keys.ts';
export { type LogoutNotice, NOTICE_LIFE_MS } from './notices/notice.ts';
export { createLogoutNotices, type LogoutNotices, type LogoutNoticesOptions, type Taken } from './notices/notices.ts';
export { createSessionStore } from './open-store.ts';
export {
  createRefreshStore,
  type FamilyOfSession,
  type RefreshAttempt,
  type RefreshFamily,
  type RefreshStore,
  type RefreshStoreOptions,
  type Rotation,
} from './refresh.ts';
export { type CopiesOptions, createEndCopies, type EndCopies } from './regions/copies.ts';
export { type RegionTexts, regionEnvironment } from './regions/environment.ts';
export {
  createRegionalRefreshStore,
  type RegionalRefreshStoreOptions,
} from './regions/refresh-store.ts';
export {
  MAX_REGIONS,
  REGION_NAME_PATTERN,
  type Region,
  WITHOUT_GLOBAL,
  WITHOUT_LOCAL,
  type WithoutGlobal,
  type WithoutLocal,
} from './regions/region.ts';
export {
  createRegionalSessionStore,
  type LookedUp,
  type RegionalSessionStoreOptions,
} from './regions/session-store.ts';
export { type SessionSync, type SessionSyncOptions, startSessionSync } from './regions/session-sync.ts';
export { type RegionSettings, type RegionVariables, regionSettings } from './regions/settings.ts';
export { createRegionMetrics, createSyncMetrics, observeRegions, type RegionMetrics } from './regions/telling.ts';
export type { Provenance } from './regions/untold.ts';
export { assertRevocable } from './revocation/entry-arguments.ts';
export type { FollowerOptions as RevocationReaderOptions } from './revocation/follower.ts';
export type { Heard, RevocationLog } from './revocation/log.ts';
export type { RevocationObserver } from './revocation/observer.ts';
export { openRevocationLog, type RevocationLogOptions } from './revocation/open.ts';
export { type RevocationReader, startRevocationReader } from './revocation/reader.ts';
export type { Bridge, BridgeObserver, Place } from './revocation/regional/bridge.ts';
export { REGION_STATES, type RegionNews, type RegionState } from './revocation/regional/region-news.ts';
export { type RegionalReaderOptions, startRegionalRevocationReader } from './revocation/regional/regional-reader.ts';
export {
  createRegionalRevoker,
  type RegionalRevoker,
  type RegionalRevokerOptions,
} from './revocation/regional/regional-revoker.ts';
export {
  REVOCATION_KINDS,
  type Revocation,
  type RevocationEntry,
  type RevocationKind,
} from './revocation/revocation.ts';
export type { Origin, Refusal, RevocableClaims } from './revocation/revocation-set.ts';
export { createRevoker, type Revoker, type RevokerOptions } from './revocation/revoker.ts';
export { createRevocationMetrics, observeRevocations, type RevocationMetrics } from './revocation/telling.ts';
export {
  type OnSecurityEvent,
  SECURITY_EVENT_KINDS,
  type SecurityEvent,
  type SecurityEventKind,
} from './security-event.ts';
export { type EndedSession, isTouchDue, type NewSession, SESSION_TTL_MS, type Session } from './session.ts';
export type { SessionStore, SessionStoreOptions, SessionsToEnd } from './store.ts';
