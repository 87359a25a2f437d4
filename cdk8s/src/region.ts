import type { k8s } from 'cdk8s-plus-27';
import { ManifestError } from './errors.ts';

/** As the processes read it; a `kid` begins with it. */
export const REGION_NAME = '^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$';
export const MAX_REGIONS = 16;
export const WITHOUT_GLOBAL = ['local', 'refuse'] as const;
export const WITHOUT_LOCAL = ['global', 'refuse'] as const;

/** One of several regions, each with a platform, a Redis and keys of its own (docs/regions.md). */
export interface RegionProps {
  /** Of this one: lower case letters, digits and `-`, at most 32. */
  readonly name: string;
  /**
   * Names of all that are there, 1 to 16, this one included, in the same order everywhere: first the one that there was before. A new one
   * starts before the others are told of it.
   */
  readonly all: readonly string[];
  /**
   * Without news of another region's revocations for longer, the guard goes by `whenUnavailable` and the auth service accepts no token.
   * 10 to 86400. @default 900
   */
  readonly maxStalenessSeconds?: number;
  /** What sessions that are known here do while the global store is away. @default 'local': they go on */
  readonly withoutGlobal?: (typeof WITHOUT_GLOBAL)[number];
  /** What serves while the Redis of this region is away. @default 'global': the global store */
  readonly withoutLocal?: (typeof WITHOUT_LOCAL)[number];
  /** Whether the Secret of the auth service has `database-read-url`, a replica in this region. @default false */
  readonly databaseReplica?: boolean;
  /** How old what the replica shows may be, in seconds: by what is older nobody logs in. 60 to 86400. @default 3600 */
  readonly databaseReplicaMaxAgeSeconds?: number;
}

/**
 * What auth and guard are told of it. The Secrets of both then hold `global-redis-url`.
 * @returns nothing where there is one region only
 */
export function regionEnvironment(region: RegionProps | undefined, secretName: string): k8s.EnvVar[] {
  if (region === undefined) return [];
  const { name, all, maxStalenessSeconds = 900, withoutGlobal = 'local', withoutLocal = 'global' } = region;
  return [
    { name: 'REGION', value: name },
    { name: 'REGIONS', value: all.join(',') },
    fromSecret('GLOBAL_REDIS_URL', secretName, 'global-redis-url'),
    { name: 'REGION_MAX_STALENESS_SECONDS', value: String(maxStalenessSeconds) },
    { name: 'SESSIONS_WITHOUT_GLOBAL', value: withoutGlobal },
    { name: 'SESSIONS_WITHOUT_LOCAL', value: withoutLocal },
  ];
}

/** The key that all regions share, in the Secret of the auth service: a session of one is one of all. */
export const SESSION_KEY = 'session-key';

/** What the auth service is told beside that. @param mountPath where files of its Secret are */
export function authRegionEnvironment(
  region: RegionProps | undefined,
  secretName: string,
  mountPath: string,
): k8s.EnvVar[] {
  if (region === undefined) return [];
  return [
    ...regionEnvironment(region, secretName),
    { name: 'SESSION_KEY_FILE', value: `${mountPath}/${SESSION_KEY}` },
    ...(region.databaseReplica ? replicaEnvironment(region, secretName) : []),
  ];
}

function replicaEnvironment({ databaseReplicaMaxAgeSeconds = 3_600 }: RegionProps, secretName: string): k8s.EnvVar[] {
  return [
    fromSecret('DATABASE_READ_URL', secretName, 'database-read-url'),
    { name: 'DATABASE_REPLICA_MAX_AGE_SECONDS', value: String(databaseReplicaMaxAgeSeconds) },
  ];
}

function fromSecret(name: string, secretName: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}

/** The processes would refuse the same, but only once they are there. @throws ManifestError `platform_invalid` */
export function checkRegion(region: RegionProps | undefined): void {
  if (region === undefined) return;
  const { name, all, maxStalenessSeconds = 900, databaseReplicaMaxAgeSeconds: maxAgeSeconds = 3_600 } = region;
  const isName = new RegExp(REGION_NAME);
  if (![name, ...all].every((one) => isName.test(one)))
    refuse('region.name and region.all must be lower case letters, digits and "-", at most 32');
  if (all.length > MAX_REGIONS || new Set(all).size < all.length)
    refuse(`region.all must name at most ${MAX_REGIONS} regions, each once`);
  if (!all.includes(name)) refuse(`region.all must name ${name}, which is region.name, too`);
  if (!isWithin(maxStalenessSeconds, 10)) refuse('region.maxStalenessSeconds must be an integer from 10 to 86400');
  if (!isWithin(maxAgeSeconds, 60)) refuse('region.databaseReplicaMaxAgeSeconds must be an integer from 60 to 86400');
}

function isWithin(seconds: number, least: number): boolean {
  return Number.isInteger(seconds) && seconds >= least && seconds <= 86_400;
}

function refuse(reason: string): never {
  throw new ManifestError('platform_invalid', reason);
}
