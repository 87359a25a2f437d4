import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import type { BareStores } from '@sekisho/test-e2e/mesh';
import { ServerProcess } from '../server-process.ts';

const MAIN = resolve(import.meta.dirname, '../../services/auth/src/main.ts');

export interface AuthServer {
  readonly process: ServerProcess;
  readonly url: string;
  readonly adminUrl: string;
  readonly issuer: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** What accounts are kept in. */
  readonly database: 'PostgreSQL' | 'PGlite';
}

/** The auth service as it is deployed: its own main, its own defaults, a log line for every request. */
export async function startAuth(stores: BareStores, nodeArgs: readonly string[] = []): Promise<AuthServer> {
  const secret = async (name: string, text: string): Promise<string> => {
    const path = join(stores.folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const admin = { email: 'admin@example.org', password: randomBytes(18).toString('base64url') };
  const [host, adminHost] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const [url, adminUrl] = [`http://${host}`, `http://${adminHost}`];
  const env = {
    ...stores.mark,
    AUTH_LISTEN: host,
    AUTH_ADMIN_LISTEN: adminHost,
    // The load comes from many addresses, as behind a gateway: one alone is slowed down.
    AUTH_TRUSTED_PROXIES: '127.0.0.0/8',
    AUTH_ISSUER: url,
    REDIS_URL: stores.redisUrl,
    DATABASE_URL: stores.postgresUrl === '' ? `pglite:${join(stores.folder, 'database')}` : stores.postgresUrl,
    KEY_ENCRYPTION_KEY_FILE: await secret('key-encryption-key', randomBytes(32).toString('base64')),
    BOOTSTRAP_ADMIN_EMAIL: admin.email,
    BOOTSTRAP_ADMIN_PASSWORD_FILE: await secret('admin-password', admin.password),
  };
  const readyUrl = `${adminUrl}/readyz`;
  const log = join(stores.folder, 'logs/auth.log');
  const process = await ServerProcess.start({ main: MAIN, env, url, readyUrl, log, nodeArgs });
  const database = stores.postgresUrl === '' ? 'PGlite' : 'PostgreSQL';
  return { process, url, adminUrl, issuer: url, admin, database };
}
