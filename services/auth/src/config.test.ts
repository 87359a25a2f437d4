import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, readConfig } from '@sekisho/telemetry';
import { afterAll, describe, expect, test } from 'vitest';
import {
  AuthConfig,
  databaseSettings,
  parseNetworks,
  readFirstAdministrator,
  readKeyFiles,
  readSecret,
} from './config.ts';

const folder = await mkdtemp(join(tmpdir(), 'auth-config-'));
afterAll(() => rm(folder, { recursive: true }));

async function file(content: string): Promise<string> {
  const path = join(folder, randomBytes(8).toString('hex'));
  await writeFile(path, content);
  return path;
}

const environment = {
  AUTH_LISTEN: '127.0.0.1:8080',
  AUTH_ADMIN_LISTEN: '127.0.0.1:8081',
  AUTH_ISSUER: 'https://auth.example.org',
  REDIS_URL: 'redis://127.0.0.1:6379',
  DATABASE_URL: 'pglite:/var/lib/auth',
  KEY_ENCRYPTION_KEY_FILE: '/run/secrets/key',
};

describe('AuthConfig', () => {
  test('reads numbers', () => {
    const numbers = { ACCESS_TOKEN_TTL_SECONDS: '60', AUDIT_RETENTION_DAYS: '36500' };
    expect(readConfig(AuthConfig, { ...environment, ...numbers })).toMatchObject({
      ACCESS_TOKEN_TTL_SECONDS: 60,
      AUDIT_RETENTION_DAYS: 36_500,
    });
  });

  test('has defaults for what has a good one', () => {
    expect(readConfig(AuthConfig, environment)).toMatchObject({
      AUTH_TRUSTED_PROXIES: '',
      BACKCHANNEL_LOGOUT_NETWORKS: '',
      ACCESS_TOKEN_TTL_SECONDS: 900,
      AUDIT_RETENTION_DAYS: 400,
      LOG_LEVEL: 'info',
    });
  });

  test.each([
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', 'pglite:'],
    ['AUTH_ISSUER', 'auth.example.org'],
    ['REDIS_URL', 'http://x'],
    ['ACCESS_TOKEN_TTL_SECONDS', '10'],
    ['AUDIT_RETENTION_DAYS', '7'],
    ['REGION', 'Tokyo'],
    ['SESSIONS_WITHOUT_GLOBAL', 'global'],
    ['LOG_LEVEL', 'loud'],
  ])('refuses %s=%s', (variable, value) => {
    expect(() => readConfig(AuthConfig, { ...environment, [variable]: value })).toThrow(ConfigError);
  });
});

describe('trusted proxies', () => {
  test.each([
    ['', []],
    ['127.0.0.0/8, ::1,', ['127.0.0.0/8', '::1']],
    ['2001:db8::/32', ['2001:db8::/32']],
  ])('are the networks in %j', (text, networks) => {
    expect(parseNetworks('X', text)).toEqual(networks);
  });

  test.each(['localhost', '10.0.0.0/33', '::/129', '0.0.0.0/0', '10.0.0.0/8/8', '10.0.0.0/', 'true', '1'])(
    'are not %j',
    (text) => {
      expect(() => parseNetworks('AUTH_TRUSTED_PROXIES', text)).toThrow('AUTH_TRUSTED_PROXIES');
    },
  );
});

describe('the addresses of the database', () => {
  const read = (variables: Record<string, string>) =>
    databaseSettings(readConfig(AuthConfig, { ...environment, ...variables }));
  const primary = 'postgres://sekisho@primary/sekisho';
  const replica = 'postgres://sekisho@replica/sekisho';

  test('may be two', () => {
    expect(read({ DATABASE_URL: primary, DATABASE_READ_URL: replica })).toEqual({
      databaseUrl: primary,
      databaseReadUrl: replica,
      databaseReplicaMaxAgeMs: 3_600_000,
    });
    expect(read({ DATABASE_URL: primary })).toMatchObject({ databaseUrl: primary, databaseReadUrl: undefined });
  });

  test('say how old what the second one shows may be', () => {
    const age = (seconds: string) => read({ DATABASE_URL: primary, DATABASE_REPLICA_MAX_AGE_SECONDS: seconds });
    expect(age('600')).toMatchObject({ databaseReplicaMaxAgeMs: 600_000 });
    for (const seconds of ['59', '86401', 'never']) {
      expect(() => age(seconds)).toThrow('DATABASE_REPLICA_MAX_AGE_SECONDS');
    }
  });

  test('are of PostgreSQL, if they are two', () => {
    expect(() => read({ DATABASE_URL: 'pglite:./db', DATABASE_READ_URL: replica })).toThrow('DATABASE_READ_URL');
    expect(() => read({ DATABASE_URL: primary, DATABASE_READ_URL: 'pglite:./db' })).toThrow('DATABASE_READ_URL');
  });
});

describe('secrets in files', () => {
  test('lose the newline at their end and nothing else', async () => {
    expect(await readSecret('X', await file(' pass word \n'))).toBe(' pass word ');
  });

  test('that cannot be read are told by the name of the variable', async () => {
    const missing = readSecret('BOOTSTRAP_ADMIN_PASSWORD_FILE', join(folder, 'missing'));
    await expect(missing).rejects.toMatchObject({ code: 'secret_unusable' });
    await expect(missing).rejects.toThrow('BOOTSTRAP_ADMIN_PASSWORD_FILE');
  });

  test('an encryption key is 32 bytes in base64', async () => {
    const key = randomBytes(32);
    const path = await file(`${key.toString('base64')}\n`);
    expect(await readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: path })).toEqual({
      encryptionKeys: { current: key, previous: [] },
    });
    for (const wrong of [
      '',
      'hunter2',
      randomBytes(31).toString('base64'),
      key.toString('hex'),
      `${key.toString('base64')}!`,
    ]) {
      const refused = readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: await file(wrong) });
      await expect(refused).rejects.toMatchObject({ code: 'key_invalid' });
      await expect(refused).rejects.not.toThrow('hunter2');
    }
  });

  test('another one may be for sessions', async () => {
    const [own, shared] = [randomBytes(32), randomBytes(32)];
    const path = await file(own.toString('base64'));
    const sessions = await file(`${shared.toString('base64')}\n${own.toString('base64')}\n`);
    expect(await readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: path, SESSION_KEY_FILE: sessions })).toEqual({
      encryptionKeys: { current: own, previous: [] },
      sessionKeys: { current: shared, previous: [own] },
    });
    const refused = readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: path, SESSION_KEY_FILE: await file('x') });
    await expect(refused).rejects.toThrow('SESSION_KEY_FILE');
  });

  test('another one must be for sessions in one of several regions', async () => {
    const path = await file(randomBytes(32).toString('base64'));
    await expect(readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: path, REGION: 'tokyo' })).rejects.toMatchObject({
      variables: ['SESSION_KEY_FILE'],
    });
    expect(
      await readKeyFiles({ KEY_ENCRYPTION_KEY_FILE: path, SESSION_KEY_FILE: path, REGION: 'tokyo' }),
    ).toHaveProperty('sessionKeys');
  });
});

describe('the first administrator', () => {
  const email = 'admin@example.org';
  const read = (variables: Record<string, string>) =>
    readFirstAdministrator(readConfig(AuthConfig, { ...environment, ...variables }));

  test('is none, or an address and a password', async () => {
    expect(await read({})).toBeUndefined();
    const password = await file('correct horse\n');
    expect(await read({ BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD_FILE: password })).toEqual({
      email,
      password: 'correct horse',
    });
  });

  test('is not quietly left out when half of it is missing', async () => {
    const password = await file('correct horse');
    await expect(read({ BOOTSTRAP_ADMIN_EMAIL: email })).rejects.toThrow('BOOTSTRAP_ADMIN_PASSWORD_FILE is not set');
    await expect(read({ BOOTSTRAP_ADMIN_PASSWORD_FILE: password })).rejects.toThrow('BOOTSTRAP_ADMIN_EMAIL is not set');
  });

  test('has an address that fits once it is normalised', async () => {
    const BOOTSTRAP_ADMIN_EMAIL = `${'\u0130'.repeat(200)}@example.org`;
    const refused = read({ BOOTSTRAP_ADMIN_EMAIL, BOOTSTRAP_ADMIN_PASSWORD_FILE: await file('correct horse') });
    await expect(refused).rejects.toThrow('BOOTSTRAP_ADMIN_EMAIL');
  });

  test.each(['', 'hunter2', 'e\u0301'.repeat(7), 'x'.repeat(1_025)])(
    'has a password that every user could have (%#)',
    async (text) => {
      const refused = read({ BOOTSTRAP_ADMIN_EMAIL: email, BOOTSTRAP_ADMIN_PASSWORD_FILE: await file(text) });
      await expect(refused).rejects.toMatchObject({ code: 'secret_unusable' });
      await expect(refused).rejects.not.toThrow('hunter2');
    },
  );
});
