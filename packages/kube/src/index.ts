export { type BackoffBounds, backoffMs } from './backoff.ts';
export { type ApplyOptions, type CallOptions, type ClientOptions, type DeleteOptions, KubeClient } from './client.ts';
export { type Clock, longestSince, type Moment, momentOf, pause, type Random, systemClock } from './clock.ts';
export { type ConnectOptions, connect } from './connection.ts';
export { discover } from './discovery.ts';
export { type ApiServerPlace, apiServerPlace, KubeEnvironment } from './environment.ts';
export {
  AlreadyExistsError,
  ConflictError,
  ForbiddenError,
  GoneError,
  InvalidError,
  KindUnknownError,
  KubeError,
  type KubeErrorCode,
  type KubeErrorDetails,
  NotFoundError,
} from './errors.ts';
export { EVENTS, type EventFacts, type EventReporter } from './event.ts';
export { EventRecorder, type EventRecorderOptions } from './event-recorder.ts';
export { Informer, type InformerOptions } from './informer.ts';
export { isRecord } from './json.ts';
export { type Lead, LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
export { LEASES } from './lease.ts';
export type { ListQuery, ObjectList } from './list.ts';
export {
  type KubeObject,
  keyOf,
  type Manifest,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  refOf,
} from './object.ts';
export type { PacingBounds } from './pacer.ts';
export type { PodEnvironment } from './pod-credentials.ts';
export { type Outcome, type QueueObserver, WorkQueue, type WorkQueueOptions } from './queue.ts';
export { apiVersionOf, pathOf, type Query, type Resource, type Target, withQuery } from './resource.ts';
export { DEFAULT_RETRY, type RetryOptions } from './retry.ts';
export { type Change, Store, type StoreView } from './store.ts';
export type { IndexFunction } from './store-index.ts';
export type { Table } from './table.ts';
export type { RateLimit } from './token-bucket.ts';
export type { Call, Lane, Reply, Transport } from './transport.ts';
export type { WatchEvent, WatchQuery } from './watch.ts';
export type { WriteGuard } from './write-guard.ts';
