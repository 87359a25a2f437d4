import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, PLATFORM_NAMESPACE } from '@sekisho/cdk8s';
import type { Cluster } from '../mesh/cluster.ts';
import type { Administrator } from './mesh.ts';

export const ADMIN_EMAIL = 'admin@sekisho.local';

/**
 * Writes fresh Secrets for the platform and its stores, as docs/manifests.md has them made.
 * @param folder where the administrator's password is written
 */
export async function provideSecrets(cluster: Cluster, folder: string): Promise<Administrator> {
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
  const adminPasswordFile = join(folder, 'admin-password');
  await writeFile(adminPasswordFile, `${passwords.admin}\n`, { mode: 0o600 });
  return { adminEmail: ADMIN_EMAIL, adminPasswordFile };
}

const password = (): string => randomBytes(18).toString('hex');
const encryptionKey = (): string => randomBytes(32).toString('base64');

function aclLine(user: string, word: string): string {
  const hash = createHash('sha256').update(word).digest('hex');
  return `user ${user} on #${hash} ~sk:* resetchannels +@all -@admin -@dangerous +info`;
}

function secret(name: string, stringData: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: PLATFORM_NAMESPACE }, stringData };
}
