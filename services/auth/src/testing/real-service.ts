import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sekisho/telemetry';
import pg from 'pg';
import { type OpenDatabase, openDatabase } from '../database/open.ts';
import { AuthError } from '../errors.ts';
import { KEY_DEFAULTS } from '../keys/config.ts';
import { createService, type Service, type ServiceOptions } from '../service.ts';

export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };
export const ADMIN_LOGIN = { ...ADMIN, services: ['auth'] };

const PATIENCE_MS = 60_000;

export interface DatabaseKind {
  readonly name: string;
  /** A database of its own: its URL, and how to remove it. */
  create(): Promise<{ readonly url: string; remove(): Promise<void> }>;
}

/** PGlite always, PostgreSQL when the set-up could start one. */
export function databaseKinds(postgresUrl: string): DatabaseKind[] {
  const pglite = { name: 'PGlite', create: createEmbedded };
  return postgresUrl === '' ? [pglite] : [pglite, { name: 'PostgreSQL', create: () => createDatabase(postgresUrl) }];
}

async function createEmbedded() {
  const folder = await mkdtemp(join(tmpdir(), 'auth-pglite-'));
  return { url: `pglite:${join(folder, 'db')}`, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function createDatabase(postgresUrl: string) {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const run = async (statement: string) => {
    const client = new pg.Client(postgresUrl);
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await run(`create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = name;
  return { url: url.href, remove: () => run(`drop database ${name} with (force)`) };
}

/** However busy the machine is, what it is asked is answered. */
export function openTestDatabase(url: string): Promise<OpenDatabase> {
  return openDatabase({ url, timeoutMs: PATIENCE_MS, onIdleError: () => undefined });
}

/**
 * The service as main.ts makes it, on real servers and under a key prefix of its own, but that it waits for its stores however busy the
 * machine is. Where a test gives them less time, one that cannot start by that starts again, as a pod does.
 */
export async function startService(
  options: Pick<ServiceOptions, 'redisUrl' | 'databaseUrl'> & Partial<ServiceOptions>,
): Promise<Service> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await createTestService(options);
    } catch (error) {
      const isPassing = error instanceof AuthError && error.code === 'unavailable';
      if (!isPassing || performance.now() > end) throw error;
    }
  }
}

function createTestService(
  options: Pick<ServiceOptions, 'redisUrl' | 'databaseUrl'> & Partial<ServiceOptions>,
): Promise<Service> {
  return createService({
    issuer: 'https://auth.test',
    encryptionKeys: { current: Buffer.alloc(32, 7), previous: [] },
    keys: KEY_DEFAULTS,
    firstAdministrator: ADMIN,
    tokenLifetime: 900,
    log: createLogger({ name: 'test', level: 'silent' }),
    clock: () => new Date(),
    uuid: randomUUID,
    prefix: `test-${randomUUID()}`,
    storeTimeoutMs: PATIENCE_MS,
    ...options,
  });
}

/** Resolves when every dependency answers: the connection to Redis is made in the background. */
export async function untilReady({ adminApp }: Service): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    if ((await adminApp.inject({ url: '/readyz' })).statusCode === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the service did not become ready');
}

export function logIn({ publicApp }: Service, body: object) {
  return publicApp.inject({ method: 'POST', url: '/v1/sessions', payload: body });
}
