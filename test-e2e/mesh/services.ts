import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import type { Addresses } from './addresses.ts';
import type { ServerContext } from './control-plane.ts';
import { type Istiods, MESH_CONFIG } from './istiod.ts';
import type { ProcessSpec } from './managed-process.ts';
import { REPOSITORY } from './paths.ts';
import { answersOk } from './wait.ts';

const HOST = '127.0.0.1';

export interface AuthProcess {
  readonly spec: ProcessSpec;
  readonly url: string;
  readonly adminUrl: string;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  readonly adminEmail: string;
  readonly adminPasswordFile: string;
}

export interface AuthOptions {
  /** The `iss` of its tokens, and where browsers find it: at the edge. */
  readonly issuer: string;
  readonly redisUrl: string;
  /** Of its own ServiceAccount; read when it is needed first. */
  readonly kubeconfig: string;
  /** Who may have keys for narrow tokens, as NAMESPACE/SERVICEACCOUNT. */
  readonly guard: string;
}

/** The auth service on PGlite, with a fresh administrator's password in a file. */
export async function auth(options: AuthOptions, context: ServerContext): Promise<AuthProcess> {
  const { issuer, redisUrl, kubeconfig, guard } = options;
  const folder = join(context.folder, 'auth');
  await mkdir(folder, { recursive: true });
  const secret = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `${text}\n`, { mode: 0o600 });
    return path;
  };
  const adminPasswordFile = await secret('admin-password', randomBytes(18).toString('base64url'));
  const keyFile = await secret('key-encryption-key', randomBytes(32).toString('base64'));
  const [listen, adminListen] = [await claim(context.addresses, 28100), await claim(context.addresses, 28150)];
  const adminEmail = 'admin@sekisho.local';
  const env = {
    AUTH_LISTEN: listen,
    AUTH_ADMIN_LISTEN: adminListen,
    AUTH_ISSUER: issuer,
    // Where the edge's Envoy comes from.
    AUTH_TRUSTED_PROXIES: HOST,
    REDIS_URL: redisUrl,
    DATABASE_URL: `pglite:${join(folder, 'database')}`,
    KEY_ENCRYPTION_KEY_FILE: keyFile,
    // A new key signs two looks and some seconds after every policy holds it: soon, for a test that waits for it.
    KEY_POLL_SECONDS: '1',
    TOKEN_ISSUER_NAME: PLATFORM_ISSUER,
    KUBECONFIG: kubeconfig,
    WORKLOAD_KEYS: 'cluster',
    GUARD_WORKLOADS: guard,
    BOOTSTRAP_ADMIN_EMAIL: adminEmail,
    BOOTSTRAP_ADMIN_PASSWORD_FILE: adminPasswordFile,
  };
  const adminUrl = `http://${adminListen}`;
  const ready = (): Promise<boolean> => answersOk(`${adminUrl}/readyz`);
  const spec = nodeProcess({ name: 'auth', main: 'services/auth/src/main.ts', env, ready }, context);
  return { spec, url: `http://${listen}`, adminUrl, issuer, adminEmail, adminPasswordFile };
}

export interface OperatorOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Where the API server calls its webhook, on loopback. */
  readonly webhookUrl: string;
  /** All of them are asked. */
  readonly istiods: Istiods;
}

/** One replica of the operator with the kubeconfig of its own ServiceAccount, electing itself as it would among several. */
export async function operator(
  { kubeconfig, namespace, webhookUrl, istiods }: OperatorOptions,
  context: ServerContext,
): Promise<{ spec: ProcessSpec; url: string }> {
  const listen = await claim(context.addresses, 28200);
  const url = `http://${listen}`;
  const env = {
    KUBECONFIG: kubeconfig,
    OPERATOR_LISTEN: listen,
    MESH_CONFIG_FILE: MESH_CONFIG,
    LEADER_ELECTION: 'true',
    POD_NAMESPACE: namespace,
    POD_NAME: 'operator',
    // One that was killed has released nothing: its successor waits this long.
    LEASE_DURATION_SECONDS: '5',
    // Of the auth service's keys.
    JWKS_REFRESH_SECONDS: '5',
    WEBHOOK_LISTEN: new URL(webhookUrl).host,
    WEBHOOK_URL: webhookUrl,
    ISTIOD_URLS: istiods.map(({ monitoring }) => monitoring).join(','),
    ENFORCEMENT_SETTLE_SECONDS: '2',
    // A new certificate is served ten checks after it was made: seconds, for a test that waits for it.
    WEBHOOK_CHECK_SECONDS: '1',
  };
  const ready = (): Promise<boolean> => answersOk(`${url}/readyz`);
  return { spec: nodeProcess({ name: 'operator', main: 'operator/src/main.ts', env, ready }, context), url };
}

export interface GuardOptions {
  /** host:port where Envoys ask it. */
  readonly listen: string;
  readonly kubeconfig: string;
  /** A token of its ServiceAccount with the audience `sekisho`. */
  readonly token: string;
  readonly issuer: string;
  /** Base URL of the auth service. */
  readonly authUrl: string;
  /** Its Service, `namespace/name`. */
  readonly authService: string;
  readonly redisUrl: string;
}

/** The guard, with an encryption key of its own. */
export async function guard(
  options: GuardOptions,
  context: ServerContext,
): Promise<{ spec: ProcessSpec; url: string }> {
  const { listen, kubeconfig, token, issuer, authUrl, authService, redisUrl } = options;
  const folder = join(context.folder, 'guard');
  await mkdir(folder, { recursive: true });
  const secret = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const ops = await claim(context.addresses, 28300);
  const env = {
    GUARD_LISTEN: listen,
    GUARD_OPS_LISTEN: ops,
    AUTH_ISSUER: issuer,
    AUTH_URL: authUrl,
    AUTH_SERVICE: authService,
    WORKLOAD_TOKEN_FILE: await secret('token', token),
    KEY_ENCRYPTION_KEY_FILE: await secret('key-encryption-key', randomBytes(32).toString('base64')),
    REDIS_URL: redisUrl,
    // A session that ended without a revocation is noticed soon, for a test that waits for it.
    SESSION_CACHE_SECONDS: '2',
    REVOCATION_MAX_STALENESS_SECONDS: '5',
    GUARD_LOGIN_PATH: '/login',
    KUBECONFIG: kubeconfig,
  };
  const ready = (): Promise<boolean> => answersOk(`http://${ops}/readyz`);
  return {
    spec: nodeProcess({ name: 'guard', main: 'services/guard/src/main.ts', env, ready }, context),
    url: `http://${ops}`,
  };
}

export interface App {
  readonly spec: ProcessSpec;
  readonly port: number;
}

/** A sample service on a port that only its Envoy is meant to use. */
export async function sample(
  name: string,
  env: Readonly<Record<string, string>>,
  context: ServerContext,
): Promise<App> {
  const port = await context.addresses.port(HOST, 29000);
  const listen = `${HOST}:${port}`;
  const ready = (): Promise<boolean> => answersOk(`http://${listen}/healthz`);
  const main = `services/samples/${name}/src/main.ts`;
  return { spec: nodeProcess({ name, main, env: { ...env, LISTEN: listen }, ready }, context), port };
}

async function claim(addresses: Addresses, preferred: number): Promise<string> {
  return `${HOST}:${await addresses.port(HOST, preferred)}`;
}

/** A part of the platform by its own `main.ts`. */
export function nodeProcess(
  options: Pick<ProcessSpec, 'name' | 'ready'> & { main: string; env: Readonly<Record<string, string>> },
  context: ServerContext,
): ProcessSpec {
  const { name, main, env, ready } = options;
  const log = join(context.logs, `${name}.log`);
  return {
    name,
    command: process.execPath,
    args: [join(REPOSITORY, main)],
    env: { ...tracing(context), ...env },
    log,
    ready,
  };
}

/** Records what a proxy records, and begins no trace: until one does, nothing is recorded. */
function tracing({ collector }: ServerContext): Readonly<Record<string, string>> {
  if (collector === undefined) return {};
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector}`,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    // Soon, for whoever waits for them.
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
}
