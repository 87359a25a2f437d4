import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GatewayRef, type Manifest, PLATFORM_NAMESPACE, renderPlatform, renderShop } from '@sekisho/cdk8s';
import { KindUnknownError, NotFoundError } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import type { Cluster } from '../mesh/cluster.ts';
import { remove } from '../mesh/remove.ts';
import { waitFor } from '../mesh/wait.ts';
import type { Images } from './images.ts';
import { rolledOut } from './istio.ts';
import type { Administrator } from './mesh.ts';
import type { Settings } from './settings.ts';

const ADMIN_EMAIL = 'admin@sekisho.local';
const PUBLIC: GatewayRef = { name: 'public', namespace: 'istio-ingress' };
const LONG_MS = 300_000;

/** As on the local mesh (mesh/services.ts): what takes minutes by default takes seconds for a test that waits for it. */
const ENVIRONMENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'sekisho-operator': {
    ENFORCEMENT_SETTLE_SECONDS: '2',
    JWKS_REFRESH_SECONDS: '5',
    LEASE_DURATION_SECONDS: '5',
    WEBHOOK_CHECK_SECONDS: '1',
  },
  auth: { KEY_POLL_SECONDS: '1' },
  'sekisho-guard': { SESSION_CACHE_SECONDS: '2', REVOCATION_MAX_STALENESS_SECONDS: '5' },
};

export interface PlatformOptions {
  /** The `iss` of the platform's tokens: the guarded gateway, as this machine reaches it. */
  readonly issuer: string;
  readonly images: Images;
  readonly settings: Settings;
}

/** Installs the platform and the sample services, and answers when every pod is the latest and ready. */
export async function installPlatform(cluster: Cluster, options: PlatformOptions): Promise<Administrator> {
  const { issuer, images, settings } = options;
  const platform = renderPlatform({
    ...{ issuer, edge: {}, gatewayServiceType: 'ClusterIP', bootstrapAdminEmail: ADMIN_EMAIL },
    images: images.platform,
    ...{ operator: { replicas: 1 }, auth: { replicas: 1 }, guard: { replicas: 1, loginPath: '/login' } },
    redis: { ...settings.redis, volume: false },
    postgresql: { image: settings.postgresImage, volume: false },
  });
  const edge = platform.edge?.gateway ?? PUBLIC;
  const shop = renderShop({
    target: 'cluster',
    gateway: PUBLIC,
    edge,
    web: { issuer, gateway: edge },
    images: images.shop,
  });
  const manifests = [...platform.manifests, ...shop.manifests].map(hastened);
  await cluster.apply([...crds(), ...manifests.filter(({ kind }) => kind === 'Namespace')]);
  const administrator = await provideSecrets(cluster, settings.folder);
  await cluster.apply(manifests);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  await Promise.all(deployments.map(({ metadata }) => rolledOut(cluster, metadata.namespace ?? '', metadata.name)));
  return administrator;
}

/** Fresh ones, as docs/manifests.md has them made. */
async function provideSecrets(cluster: Cluster, folder: string): Promise<Administrator> {
  const adminPasswordFile = join(folder, 'admin-password');
  const passwords = { auth: password(), guard: password(), database: password(), admin: password() };
  const redisUrl = (user: 'auth' | 'guard') => `redis://${user}:${passwords[user]}@sekisho-redis:6379`;
  const acl = ['user default off', aclLine('auth', passwords.auth), aclLine('guard', passwords.guard)];
  await cluster.apply([
    secret('sekisho-redis', { 'users.acl': `${acl.join('\n')}\n` }),
    secret('sekisho-postgresql', { password: passwords.database }),
    secret('sekisho-auth', {
      'database-url': `postgres://sekisho:${passwords.database}@sekisho-postgresql:5432/sekisho`,
      'redis-url': redisUrl('auth'),
      'key-encryption-key': encryptionKey(),
      'bootstrap-admin-password': passwords.admin,
    }),
    secret('sekisho-guard', { 'redis-url': redisUrl('guard'), 'key-encryption-key': encryptionKey() }),
  ]);
  await writeFile(adminPasswordFile, `${passwords.admin}\n`, { mode: 0o600 });
  return { adminEmail: ADMIN_EMAIL, adminPasswordFile };
}

function aclLine(user: string, secretWord: string): string {
  const hash = createHash('sha256').update(secretWord).digest('hex');
  return `user ${user} on #${hash} ~sk:* resetchannels +@all -@admin -@dangerous +info`;
}

/** Removes what an earlier run installed, and waits until it is gone; the definitions stay. */
export async function removePlatform(cluster: Cluster): Promise<void> {
  const manifests = [...renderPlatform({ issuer: 'http://localhost', edge: {} }).manifests];
  const shop = renderShop({ target: 'cluster' }).manifests;
  const wide = manifests.filter(({ kind, metadata }) => metadata.namespace === undefined && kind !== 'Namespace');
  const namespaces = [...manifests, ...shop].filter(({ kind }) => kind === 'Namespace');
  // Policies go before who would bring back what they mean, and definitions guarded by nothing would not be missed.
  for (const manifest of namespaces) await remove(cluster, manifest);
  for (const manifest of namespaces) await gone(cluster, manifest);
  for (const manifest of wide) await removeKnown(cluster, manifest);
}

/** A kind that the cluster does not know has no objects. */
async function removeKnown(cluster: Cluster, manifest: Manifest): Promise<void> {
  try {
    await remove(cluster, manifest);
  } catch (error) {
    if (!(error instanceof KindUnknownError)) throw error;
  }
}

async function gone(cluster: Cluster, { apiVersion, kind, metadata }: Manifest): Promise<void> {
  const isGone = () =>
    cluster.get(apiVersion, kind, '', metadata.name).then(
      () => false,
      (error: unknown) => (error instanceof NotFoundError ? true : Promise.reject(error)),
    );
  await waitFor(`${kind} ${metadata.name} is gone`, isGone, { timeout: LONG_MS, every: 500 });
}

function hastened(manifest: Manifest): Manifest {
  const added = manifest.kind === 'Deployment' ? ENVIRONMENT[manifest.metadata.name] : undefined;
  if (added === undefined) return manifest;
  const copy = structuredClone(manifest) as Manifest & DeploymentManifest;
  for (const container of copy.spec.template.spec.containers)
    container.env.push(...Object.entries(added).map(([name, value]) => ({ name, value })));
  return copy;
}

interface DeploymentManifest {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: { name: string; value: string }[] }[] };
    };
  };
}

const password = (): string => randomBytes(18).toString('hex');
const encryptionKey = (): string => randomBytes(32).toString('base64');

function secret(name: string, stringData: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: PLATFORM_NAMESPACE }, stringData };
}
