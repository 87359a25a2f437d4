import { systemClock } from '@sekisho/kube';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { createMinter, createVerifier, regionOfKid } from '@sekisho/tokens';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import type { OpenDatabase } from '../database/open.ts';
import { databaseKinds, openTestDatabase } from '../testing/real-service.ts';
import { KEY_DEFAULTS } from './config.ts';
import { type Keys, openKeys } from './keys.ts';

const postgresUrl = inject('postgresUrl');
const ISSUER = 'https://auth.test';
/** Everything that is not waiting for each other takes no time. */
const settings = { ...KEY_DEFAULTS, pollMs: 200, publishMs: 0 };
const PATIENCE = { timeout: 120_000, interval: 100 };
const TIMEOUT_MS = 600_000;
const REGIONS = ['eu', 'us', 'ap'];

describe.runIf(postgresUrl !== '')('keys of regions on one PostgreSQL', { timeout: TIMEOUT_MS }, () => {
  const closers: (() => Promise<void>)[] = [];
  let database: OpenDatabase;
  beforeEach(async () => {
    const kind = databaseKinds(postgresUrl).at(-1);
    if (kind === undefined) throw new Error('no PostgreSQL');
    const { url, remove } = await kind.create();
    closers.push(remove);
    database = await openTestDatabase(url);
    closers.push(database.close);
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** Keys of a region, as its auth service opens them. */
  async function open(name: string, lost: readonly string[] = []) {
    const metrics = createMetrics({ processMetrics: false, undeclared: 'throw' });
    const revoked: string[] = [];
    const keys = await openKeys({
      ...{ database, settings, issuer: ISSUER, longestTokenSeconds: 900, metrics },
      region: { name, others: REGIONS.filter((other) => other !== name), isFirst: name === REGIONS[0] },
      lostRegions: () => lost,
      // Each region has its own.
      encryptionKeys: { current: Buffer.alloc(32, name), previous: [] },
      revokeKey: async (kid) => void revoked.push(kid),
      ...{ log: createLogger({ name: 'test', level: 'silent' }), clock: systemClock, random: Math.random },
    });
    closers.push(keys.close);
    return { ...keys, metrics, revoked };
  }

  const clock = () => new Date();
  /** A ring tells nothing while this process stands still for longer than it may. */
  const activeOf = ({ ring }: Keys) => vi.waitFor(() => ring.active, PATIENCE);
  const kidsOf = ({ published }: Keys) =>
    published()
      .keys.map(({ kid }) => kid)
      .sort();

  async function holders(): Promise<readonly string[]> {
    const { rows } = await sql<{ holder: string }>`
      select k.region || ' by ' || h.region as holder from signing_key_holders h join signing_keys k using (kid)
      where h.held_since is not null order by 1`.execute(database.db);
    return rows.map(({ holder }) => holder);
  }

  test('each signs with its own, all verify what any signs, and none rotates before all that are there hold the next', async () => {
    const lost: string[] = [];
    const [eu, us] = [await open('eu', lost), await open('us')];
    await expect.poll(() => kidsOf(eu), PATIENCE).toHaveLength(4);
    await expect.poll(() => kidsOf(us), PATIENCE).toEqual(kidsOf(eu));
    const [before, other] = [(await activeOf(eu)).kid, (await activeOf(us)).kid];
    expect([before, other].map(regionOfKid)).toEqual(['eu', 'us']);
    const signing = await activeOf(us);
    const minter = createMinter({ issuer: ISSUER, key: () => signing, clock, uuid: () => crypto.randomUUID() });
    const { token } = await minter.access({
      ...{ subject: 'alice', clientId: 'web', audience: ['bucket'], lifetimeSeconds: 900 },
      services: { bucket: { permissions: ['bucket:read'] } },
    });
    const verify = createVerifier({ issuer: ISSUER, audience: 'bucket', jwks: () => eu.ring.jwks, clock });
    await vi.waitFor(async () => expect(await verify(token)).toMatchObject({ sub: 'alice' }), PATIENCE);

    await eu.keeper.rotate();
    await expect.poll(holders, PATIENCE).toEqual(['eu by eu', 'eu by us', 'us by eu', 'us by us']);
    const waits = async () =>
      (await eu.metrics.render()).includes('signing_key_waiting{signer="auth",reason="region_behind"} 1');
    await expect.poll(waits, PATIENCE).toBe(true);
    expect((await activeOf(eu)).kid).toBe(before);
    const listed = async ({ keeper }: Keys) =>
      (await keeper.history()).flatMap(({ region, state, waitsFor }) => (state === 'next' ? { region, waitsFor } : []));
    expect(await listed(eu)).toContainEqual({ region: 'eu', waitsFor: ['ap'] });
    expect(await listed(us)).toContainEqual({ region: 'eu', waitsFor: ['ap'] });
    lost.push('ap');
    await expect.poll(() => eu.ring.active.kid, PATIENCE).not.toBe(before);
    await expect.poll(() => kidsOf(us), PATIENCE).toContain((await activeOf(eu)).kid);
    expect((await activeOf(us)).kid).toBe(other);
  });

  test('one that was stolen is taken out by whoever hears of it, and its region goes on with the next', async () => {
    const [eu, us] = [await open('eu'), await open('us')];
    const [stolen, other] = [(await activeOf(us)).kid, (await activeOf(eu)).kid];
    await eu.keeper.compromise(stolen);
    await expect.poll(() => kidsOf(eu), PATIENCE).not.toContain(stolen);
    expect((await activeOf(eu)).kid).toBe(other);
    await expect.poll(() => us.ring.active.kid, PATIENCE).not.toBe(stolen);
    expect(regionOfKid((await activeOf(us)).kid)).toBe('us');
    await expect.poll(() => kidsOf(us), PATIENCE).not.toContain(stolen);
    expect([...eu.revoked, ...us.revoked]).toContain(stolen);
  });
});
