import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import type { ServerContext } from '../mesh/control-plane.ts';
import type { ProcessSpec } from '../mesh/managed-process.ts';
import { nodeProcess } from '../mesh/services.ts';
import { answersOk } from '../mesh/wait.ts';
import { GUARD, ISSUER } from './objects.ts';
import { type Environment, REGION_NAMES, type RegionName, type RegionPlace } from './regions-info.ts';

const HOST = '127.0.0.1';
/** How old what is known of a region's own revocations may be. */
export const REVOCATION_STALENESS_SECONDS = 5;

/** What all regions have in common. */
export interface Common {
  readonly administrator: { readonly email: string; readonly passwordFile: string };
  /** Seals refresh tokens, which every region must be able to open. */
  readonly sessionKeyFile: string;
  readonly kubeconfig: string;
  /** A token of the guards' ServiceAccount. */
  readonly guardToken: string;
  /** How old what is known of another region's revocations may be. */
  readonly maxStalenessSeconds: number;
}

/** How a region reaches its own store, and over its lines what it shares. */
export interface RegionStores {
  readonly redisUrl: string;
  readonly globalRedisUrl: string;
  readonly databaseUrl: string;
  /** A replica that is in the region. */
  readonly databaseReadUrl?: string;
}

export interface RegionSettings {
  readonly common: Common;
  readonly stores: RegionStores;
}

export interface Region {
  readonly place: RegionPlace;
  readonly auth: ProcessSpec;
  readonly guard: ProcessSpec;
}

interface Addresses {
  readonly auth: string;
  readonly admin: string;
  readonly guard: string;
  readonly ops: string;
}

/** A region's auth service and guard, as they are deployed but for loopback addresses and shorter times. */
export async function region(name: RegionName, settings: RegionSettings, context: ServerContext): Promise<Region> {
  const folder = join(context.folder, name);
  await mkdir(folder, { recursive: true });
  const at = await addresses(context);
  const shared = sharedSettings(name, settings);
  const env = {
    auth: { ...shared, ...(await authSettings(folder, at, settings)) },
    guard: { ...shared, ...(await guardSettings(folder, at, settings)) },
  };
  const { email, passwordFile } = settings.common.administrator;
  const urls = { url: `http://${at.auth}`, adminUrl: `http://${at.admin}`, issuer: ISSUER };
  const place: RegionPlace = {
    ...{ name, env, guard: `http://${at.guard}`, guardOps: `http://${at.ops}`, redisUrl: settings.stores.redisUrl },
    auth: { ...urls, adminEmail: email, adminPasswordFile: passwordFile },
  };
  const process = (part: 'auth' | 'guard', url: string): ProcessSpec => {
    const ready = (): Promise<boolean> => answersOk(`${url}/readyz`);
    const main = `services/${part}/src/main.ts`;
    return nodeProcess({ name: `${part}-${name}`, main, env: env[part], ready }, context);
  };
  return { place, auth: process('auth', place.auth.adminUrl), guard: process('guard', place.guardOps) };
}

async function addresses(context: ServerContext): Promise<Addresses> {
  const claim = async (preferred: number) => `${HOST}:${await context.addresses.port(HOST, preferred)}`;
  const [auth, admin, guard, ops] = [
    await claim(27_200),
    await claim(27_250),
    await claim(27_300),
    await claim(27_350),
  ];
  return { auth, admin, guard, ops };
}

function sharedSettings(name: RegionName, { common, stores }: RegionSettings): Environment {
  return {
    REGION: name,
    REGIONS: REGION_NAMES.join(','),
    REDIS_URL: stores.redisUrl,
    GLOBAL_REDIS_URL: stores.globalRedisUrl,
    REGION_MAX_STALENESS_SECONDS: String(common.maxStalenessSeconds),
    REVOCATION_MAX_STALENESS_SECONDS: String(REVOCATION_STALENESS_SECONDS),
    AUTH_ISSUER: ISSUER,
    KUBECONFIG: common.kubeconfig,
  };
}

async function authSettings(folder: string, at: Addresses, { common, stores }: RegionSettings): Promise<Environment> {
  return {
    AUTH_LISTEN: at.auth,
    AUTH_ADMIN_LISTEN: at.admin,
    // Load comes from many addresses, as behind a gateway: one alone is slowed down.
    AUTH_TRUSTED_PROXIES: '127.0.0.0/8',
    DATABASE_URL: stores.databaseUrl,
    ...(stores.databaseReadUrl !== undefined && { DATABASE_READ_URL: stores.databaseReadUrl }),
    KEY_ENCRYPTION_KEY_FILE: await secret(folder, 'auth-key', randomKey()),
    SESSION_KEY_FILE: common.sessionKeyFile,
    KEY_POLL_SECONDS: '1',
    TOKEN_ISSUER_NAME: PLATFORM_ISSUER,
    WORKLOAD_KEYS: 'cluster',
    GUARD_WORKLOADS: `${GUARD.namespace}/${GUARD.serviceAccount}`,
    BOOTSTRAP_ADMIN_EMAIL: common.administrator.email,
    BOOTSTRAP_ADMIN_PASSWORD_FILE: common.administrator.passwordFile,
  };
}

async function guardSettings(folder: string, at: Addresses, { common }: RegionSettings): Promise<Environment> {
  return {
    GUARD_LISTEN: at.guard,
    GUARD_OPS_LISTEN: at.ops,
    AUTH_URL: `http://${at.auth}`,
    WORKLOAD_TOKEN_FILE: await secret(folder, 'guard-token', common.guardToken),
    KEY_ENCRYPTION_KEY_FILE: await secret(folder, 'guard-key', randomKey()),
    // A session is read again soon, so that it shows which store answers.
    SESSION_CACHE_SECONDS: '1',
  };
}

/** As `openssl rand -base64 32` writes one. */
export function randomKey(): string {
  return randomBytes(32).toString('base64');
}

/** @returns the path of a file that only its owner reads */
export async function secret(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${text}\n`, { mode: 0o600 });
  return path;
}
