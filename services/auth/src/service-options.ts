import type { Clock, Random } from '@sekisho/kube';
import type { DevicePolicy, RegionSettings } from '@sekisho/sessions';
import type { Environment, Logger } from '@sekisho/telemetry';
import type { EncryptionKeys } from '@sekisho/tokens';
import type { FirstAdministrator } from './bootstrap.ts';
import type { WorkloadKeySource } from './exchange/config.ts';
import type { WorkloadId } from './exchange/workload.ts';
import type { KeySettings } from './keys/config.ts';
import type { LoginRates } from './login/login-limits.ts';

export interface ServiceOptions {
  readonly issuer: string;
  readonly redisUrl: string;
  /** Where there are several regions: `redisUrl` is this one's own store. @default there is one */
  readonly regions?: RegionSettings | undefined;
  readonly databaseUrl: string;
  /** A replica of it, which is read while it does not answer. @default none */
  readonly databaseReadUrl?: string | undefined;
  /** Milliseconds; what the replica shows that is older is not gone by. @default 3_600_000 */
  readonly databaseReplicaMaxAgeMs?: number | undefined;
  /** Milliseconds that a log-in by the replica rests before the primary is to confirm it. @default 10_000 */
  readonly unconfirmedRestMs?: number | undefined;
  /** How long a database that is not there yet is waited for. @default not at all */
  readonly databaseWait?: { readonly ms: number; readonly signal: AbortSignal };
  /** What signing keys are encrypted with. */
  readonly encryptionKeys: EncryptionKeys;
  /** What refresh tokens and cookies of browsers are made with, the same in every region. @default encryptionKeys */
  readonly sessionKeys?: EncryptionKeys;
  readonly keys: KeySettings;
  /** Whose ServiceAccount tokens prove workloads. @default nobody's: workloads exchange no tokens */
  readonly workloadKeys?: WorkloadKeySource | undefined;
  /** Who may have the guard's keys. @default nobody */
  readonly guardWorkloads?: readonly WorkloadId[];
  readonly firstAdministrator?: FirstAdministrator;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
  /** Addresses and networks whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[];
  readonly log: Logger;
  readonly clock: () => Date;
  readonly uuid: () => string;
  /** What runs beside requests is timed by. @default the system's */
  readonly timers?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  /** Milliseconds that a store has for one answer. @default 500 for Redis, 800 for the database */
  readonly storeTimeoutMs?: number;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  /** Seconds that may pass without news of revocations before tokens are refused. @default 60 */
  readonly revocationMaxStaleness?: number;
  /** Replicas of Redis that must confirm a revocation. @default 0 */
  readonly revocationMinReplicas?: number;
  readonly rates?: LoginRates;
  /** What a refresh from a changed device leads to. @default 'log' */
  readonly deviceChange?: DevicePolicy;
  /** Days that entries of the audit log are kept. @default 400 */
  readonly auditRetentionDays?: number;
  /** Addresses and networks, beside public ones, where applications may be told of a log-out. @default none */
  readonly logoutNetworks?: readonly string[];
  /** How applications are told of a log-out. @default the platform's own */
  readonly fetch?: typeof globalThis.fetch;
  /** `OTEL_...`: where spans go. @default nowhere */
  readonly environment?: Environment;
}
