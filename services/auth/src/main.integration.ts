import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLine } from '@sekisho/telemetry/testing';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from './testing/real-service.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'auth-main-'));
const keyFile = join(folder, 'key');
await writeFile(keyFile, randomBytes(32).toString('base64'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const environment = {
  AUTH_LISTEN: '127.0.0.1:0',
  AUTH_ADMIN_LISTEN: '127.0.0.1:0',
  AUTH_ISSUER: 'https://auth.test',
  REDIS_URL: inject('redisUrl'),
  DATABASE_URL: `pglite:${join(folder, 'db')}`,
  KEY_ENCRYPTION_KEY_FILE: keyFile,
};

function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  // Once all that it wrote was read.
  return { child, output, exited: once(child, 'close') };
}

/** A process of its own reads all of its code first, and the embedded database compiles its engine. */
const PATIENCE = { timeout: 240_000 };
const LONG = { timeout: 600_000 };

describe('the process', LONG, () => {
  test('listens, and on SIGTERM stops with exit code 0 and frees its database', async () => {
    for (let run = 0; run < 2; run += 1) {
      const { child, output, exited } = start(environment);
      await expect.poll(() => output.stdout, PATIENCE).toContain('"msg":"listening"');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      expect(output.stdout).toContain('"msg":"stopped"');
      expect(output.stderr).toBe('');
    }
  });

  test('exits 1 without a stack, naming what is wrong with the environment', async () => {
    const { output, exited } = start({ ...environment, REDIS_URL: 'hunter2', AUTH_ISSUER: '' });
    expect(await exited).toEqual([1, null]);
    expect(output.stderr).toContain('AUTH_ISSUER is not set');
    expect(output.stderr).toContain('REDIS_URL');
    expect(output.stderr).not.toContain('hunter2');
    expect(output.stderr).not.toContain('    at ');
  });

  test('exits 1 without a stack when the database does not answer in time', async () => {
    const DATABASE_URL = 'postgres://x:hunter2@127.0.0.1:1/x';
    const { output, exited } = start({ ...environment, DATABASE_URL, DATABASE_WAIT_SECONDS: '1' });
    expect(await exited).toEqual([1, null]);
    expect(output.stderr).toContain('the database could not be migrated');
    expect(output.stderr).not.toContain('hunter2');
    expect(output.stderr).not.toContain('    at ');
  });

  test.runIf(inject('postgresUrl') !== '')('exits 1 at once when waiting does not help', async () => {
    const url = new URL(inject('postgresUrl'));
    url.pathname = 'not-there';
    // No test would wait for as long.
    const env = { ...environment, DATABASE_URL: url.href, DATABASE_WAIT_SECONDS: '3600' };
    const { output, exited } = start(env);
    expect(await exited).toEqual([1, null]);
    expect(output.stderr).toContain('DATABASE_URL names a database that does not exist: create it');
    expect(output.stdout).not.toContain('waiting for the database');
  });

  test('stops with exit code 0 while it waits for its database', async () => {
    const { child, output, exited } = start({ ...environment, DATABASE_URL: 'postgres://x:x@127.0.0.1:1/x' });
    await expect.poll(() => output.stdout, PATIENCE).toContain('"msg":"waiting for the database"');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(output.stderr).toBe('');
  });
});

describe.runIf(inject('postgresUrl') !== '')('a process that comes before PostgreSQL and Redis', () => {
  test('listens once PostgreSQL is there, and is ready once Redis is', LONG, async () => {
    const database = await databaseKinds(inject('postgresUrl')).at(-1)?.create();
    const [postgres, redis] = await Promise.all([startLine(database?.url ?? ''), startLine(inject('redisUrl'))]);
    await Promise.all([postgres.cut(), redis.cut()]);
    const { child, output, exited } = start({ ...environment, DATABASE_URL: postgres.url, REDIS_URL: redis.url });
    try {
      await expect.poll(() => output.stdout, PATIENCE).toContain('"msg":"waiting for the database"');
      await postgres.mend();
      await expect.poll(() => output.stdout, PATIENCE).toContain('"msg":"listening"');
      const readiness = async () => (await fetch(`${adminUrl(output.stdout)}/readyz`)).json();
      expect(await readiness()).toMatchObject({ failing: expect.arrayContaining(['redis']) });
      await redis.mend();
      await expect.poll(readiness, PATIENCE).toEqual({ status: 'ready', failing: [] });
    } finally {
      child.kill('SIGTERM');
      await exited;
      await Promise.all([postgres.close(), redis.close()]);
      await database?.remove();
    }
    expect(output.stderr).toBe('');
  });
});

/** Where the process says that its health is served. */
function adminUrl(stdout: string): string {
  const line = stdout.split('\n').find((one) => one.includes('"msg":"listening"'));
  const { adminListen } = JSON.parse(line ?? '{}') as { adminListen: string };
  return adminListen;
}
