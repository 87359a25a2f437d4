import { isDeepStrictEqual } from 'node:util';
import { openRevocationLog, startRevocationReader } from '@sekisho/sessions';
import { type Line, startLine } from '@sekisho/telemetry/testing';
import { createVerifier, type Jwks, keyIdOf } from '@sekisho/tokens';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Service } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';
import { KEY_DEFAULTS } from './config.ts';
import { keyTiming } from './timing.ts';

const postgresUrl = inject('postgresUrl');
const MINUTE = 60_000;
/** Everything that is not waiting for each other takes no time; and who stands still for some polls neither signs nor publishes. */
const keys = { ...KEY_DEFAULTS, pollMs: 3_000, publishMs: 0 };
const { settleMs } = keyTiming(keys.pollMs);
/** Clients that log in all the time are no attack here. */
const rate = { burst: 100_000, refillSeconds: 1 };
const rates = { network: rate, accountFromNetwork: rate, account: rate };
const PATIENCE = { timeout: 120_000, interval: 100 };
const TIMEOUT_MS = 600_000;

async function keySet({ publicApp }: Service): Promise<Jwks> {
  const response = await publicApp.inject({ url: '/.well-known/jwks.json' });
  expect(response.statusCode).toBe(200);
  return response.json();
}

/** Each learns of a change by its own next look. */
async function untilAlike(one: Service, other: Service): Promise<void> {
  const differ = async () => {
    const [first, second] = [await keySet(one), await keySet(other)];
    return isDeepStrictEqual(first, second) ? [] : [first, second];
  };
  await expect.poll(differ, PATIENCE).toEqual([]);
}

async function rotate({ publicApp, adminApp }: Service, body: object = {}) {
  const token = (await logIn({ publicApp, adminApp, close: async () => undefined }, ADMIN_LOGIN)).json().access_token;
  const headers = { authorization: `Bearer ${token}` };
  const response = await adminApp.inject({ method: 'POST', url: '/v1/keys/rotate', headers, payload: body });
  expect(response.statusCode).toBe(202);
}

describe.runIf(postgresUrl !== '')('replicas on one PostgreSQL', { timeout: TIMEOUT_MS }, () => {
  let database: { readonly url: string; remove(): Promise<void> };
  let direct: pg.Client;
  const running: Service[] = [];

  beforeEach(async () => {
    const kind = databaseKinds(postgresUrl).at(-1);
    if (kind === undefined) throw new Error('no PostgreSQL');
    database = await kind.create();
    direct = new pg.Client(database.url);
    await direct.connect();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.close()));
    await direct.end();
    await database.remove();
  });

  async function start(options: Partial<Parameters<typeof startService>[0]> = {}): Promise<Service> {
    const urls = { redisUrl: inject('redisUrl'), databaseUrl: database.url };
    const service = await startService({ ...urls, keys, rates, prefix: 'test-replicas', ...options });
    running.push(service);
    await untilReady(service);
    return service;
  }

  async function states(): Promise<readonly string[]> {
    const { rows } = await direct.query('select state from signing_keys order by created_at');
    return rows.map(({ state }) => state);
  }

  /** For how long the key that signs was published before it did, by the database's clock. */
  async function publishedBeforeMs(): Promise<number> {
    const { rows } = await direct.query(`
      select extract(epoch from activated_at - created_at)::float8 * 1000 as ms from signing_keys where state = 'active'`);
    return rows[0]?.ms;
  }

  test('go over to a new key together, and what one signs the other publishes at any moment', async () => {
    const ahead = await start({ clock: () => new Date(Date.now() + MINUTE) });
    const behind = await start({ clock: () => new Date(Date.now() - MINUTE) });
    const [old] = (await keySet(ahead)).keys;
    const signers = new Set<string | undefined>();
    const oneSignsOtherPublishes = async (signer: Service, publisher: Service) => {
      const token = (await logIn(signer, ADMIN_LOGIN)).json().access_token;
      const jwks = await keySet(publisher);
      const verify = createVerifier({
        issuer: 'https://auth.test',
        audience: 'auth',
        jwks: () => jwks,
        clock: () => new Date(),
      });
      await verify(token);
      signers.add(keyIdOf(token));
      return keyIdOf(token);
    };
    await oneSignsOtherPublishes(ahead, behind);
    await rotate(ahead);
    const bothSignAnew = async () => {
      const kids = [await oneSignsOtherPublishes(ahead, behind), await oneSignsOtherPublishes(behind, ahead)];
      return kids.every((kid) => kid !== old?.kid);
    };
    await expect.poll(bothSignAnew, PATIENCE).toBe(true);
    expect(signers.size).toBe(2);
    expect(await publishedBeforeMs()).toBeGreaterThanOrEqual(settleMs);
    await expect.poll(states, PATIENCE).toEqual(['retiring', 'active', 'next']);
    await untilAlike(ahead, behind);

    // Eighteen minutes later, by the clock that counts.
    await direct.query(`update signing_keys set retiring_at = retiring_at - interval '20 minutes'`);
    const kids = async () => (await keySet(behind)).keys.map(({ kid }) => kid);
    await expect.poll(kids, PATIENCE).not.toContain(old?.kid);
    await expect.poll(states, PATIENCE).toEqual(['retired', 'active', 'next']);
    const { rows } = await direct.query(`select sealed, retired_at from signing_keys where state = 'retired'`);
    expect(rows).toEqual([{ sealed: null, retired_at: expect.any(Date) }]);
  });

  test('both leave a compromised key at once, and its tokens are refused by whoever reads revocations', async () => {
    const log = openRevocationLog({ url: inject('redisUrl'), prefix: 'test-replicas' });
    const reader = startRevocationReader({ log, clock: () => new Date() });
    onTestFinished(() => reader.stop());
    await reader.ready;
    const [one, other] = [await start(), await start()];
    const [compromised] = (await keySet(one)).keys;
    expect(reader.check({}, compromised?.kid)).toBeUndefined();
    await rotate(one, { compromised: compromised?.kid });
    await expect.poll(() => reader.check({}, compromised?.kid), PATIENCE).toBeDefined();
    const kids = async (service: Service) => (await keySet(service)).keys.map(({ kid }) => kid);
    expect(await kids(one)).not.toContain(compromised?.kid);
    await untilAlike(one, other);
    const isSigner = async () =>
      keyIdOf((await logIn(other, ADMIN_LOGIN)).json().access_token) === (await kids(one))[0];
    await expect.poll(isSigner, PATIENCE).toBe(true);
  });

  test('whose database comes and goes rotate all the same, and never in part', async () => {
    const line = await startLine(database.url);
    try {
      const service = await start({ databaseUrl: line.url });
      await expect.poll(states, PATIENCE).toEqual(['active', 'next']);
      await rotate(service);
      const end = performance.now() + settleMs + 3_000;
      while (performance.now() < end) await interrupt(line);
      await untilReady(service);
      await expect.poll(states, PATIENCE).toEqual(['retiring', 'active', 'next']);
      const { rows } = await direct.query(`select kid from signing_keys where state = 'active'`);
      const signer = async () => keyIdOf((await logIn(service, ADMIN_LOGIN)).json().access_token);
      await expect.poll(signer, PATIENCE).toBe(rows[0]?.kid);
      expect((await keySet(service)).keys[1]?.kid).toBe(rows[0]?.kid);
    } finally {
      // The service's connections go through it.
      await Promise.all(running.splice(0).map((service) => service.close()));
      await line.close();
    }
  });

  /** Cuts every connection, in the middle of whatever is going on, and looks what that left. */
  async function interrupt(line: Line): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    await line.cut();
    const left = await states();
    expect(['active,next', 'retiring,active', 'retiring,active,next']).toContain(left.join());
    await line.mend();
  }
});
