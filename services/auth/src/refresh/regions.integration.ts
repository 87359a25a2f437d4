import { randomBytes, randomUUID } from 'node:crypto';
import { keyIdOf } from '@sekisho/tokens';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { KEY_DEFAULTS } from '../keys/config.ts';
import type { Service } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';

const postgresUrl = inject('postgresUrl');
const PATIENCE = { timeout: 60_000, interval: 200 };
/** Each learns soon of the other's keys. */
const keys = { ...KEY_DEFAULTS, pollMs: 5_000 };
const newKeys = () => ({ current: randomBytes(32), previous: [] });

/** Two regions whose encryption keys differ. They share a store here: what another one of its own does is another matter. */
async function startRegions(sessionKeys = newKeys()): Promise<readonly [Service, Service]> {
  const kind = databaseKinds(postgresUrl).at(-1);
  if (kind === undefined) throw new Error('no PostgreSQL');
  const database = await kind.create();
  onTestFinished(database.remove);
  const redisUrl = inject('redisUrl');
  const global = new URL(redisUrl);
  global.pathname = '/1';
  const prefix = `test-${randomUUID()}`;
  const start = async (name: string, other: string) => {
    const service = await startService({
      ...{ redisUrl, databaseUrl: database.url, prefix, encryptionKeys: newKeys(), sessionKeys, keys },
      regions: {
        region: { name, others: [other] },
        isFirst: name === 'eu',
        ...{ globalRedisUrl: global.href, maxBehindMs: 900_000, withoutGlobal: 'local', withoutLocal: 'global' },
      },
    });
    onTestFinished(() => service.close());
    await untilReady(service);
    return service;
  };
  return [await start('eu', 'us'), await start('us', 'eu')];
}

const refresh = ({ publicApp }: Service, refresh_token: string) =>
  publicApp.inject({ method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token } });

describe.runIf(postgresUrl !== '')('a refresh token', () => {
  test('of one region is taken by another, which has another encryption key and signs with keys of its own', async () => {
    const [eu, us] = await startRegions();
    const first = (await logIn(eu, ADMIN_LOGIN)).json();
    expect(keyIdOf(first.access_token)).toMatch(/^eu\./);
    const response = await refresh(us, first.refresh_token);
    expect(response.statusCode).toBe(200);
    const second = response.json();
    expect(keyIdOf(second.access_token)).toMatch(/^us\./);
    expect((await refresh(eu, second.refresh_token)).statusCode).toBe(200);
    // The other one learns of the key by its next look.
    const sessions = async (service: Service) => {
      const headers = { authorization: `Bearer ${second.access_token}` };
      return (await service.publicApp.inject({ url: '/v1/sessions', headers })).statusCode;
    };
    await expect.poll(() => sessions(us), PATIENCE).toBe(200);
    await expect.poll(() => sessions(eu), PATIENCE).toBe(200);
  });
});
