import { startValkey, type Valkey } from '@sekisho/sessions/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { untilEach, untilSettled } from './testing/progress.ts';
import { type Stage, setStage } from './testing/stage.ts';

const TIMEOUT_MS = 900_000;
const program = inject('privatePostgres');

describe.skipIf(program === undefined)('a service that everybody uses all the while', { timeout: TIMEOUT_MS }, () => {
  let redis: Valkey;
  let database: PostgresServer;
  let stage: Stage;

  beforeAll(async () => {
    if (program === undefined) return;
    [redis, database] = await Promise.all([startValkey(inject('valkey')), PostgresServer.start(program)]);
    stage = await setStage({ redisUrl: redis.url, databaseUrl: database.url });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await stage?.close();
    await Promise.all([redis?.remove(), database?.close()]);
  }, TIMEOUT_MS);

  const full = (memory: string) => redis.ask('config', 'set', 'maxmemory', memory);

  /** What a full disk does: what is there is read, and nothing is written. */
  async function readOnly(on: boolean): Promise<void> {
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('set default_transaction_read_only = off');
    await client.query(`alter system set default_transaction_read_only = ${on}`);
    await client.query('select pg_reload_conf()');
    await client.end();
  }

  interface Fault {
    readonly name: string;
    readonly begin: () => unknown;
    readonly end: () => unknown;
    /** Who is told to come back. */
    readonly felt: readonly string[];
    /** Who goes on as if nothing were. */
    readonly unfelt: readonly string[];
  }

  const WITHOUT_REDIS = { felt: ['own sessions', 'codes', 'devices', 'workloads'], unfelt: [] };
  const FAULTS: readonly Fault[] = [
    { name: 'Redis is killed', begin: () => redis.kill(), end: () => redis.start(), ...WITHOUT_REDIS },
    { name: 'Redis is frozen', begin: () => redis.freeze(), end: () => redis.thaw(), ...WITHOUT_REDIS },
    { name: 'Redis is full', begin: () => full('1'), end: () => full('0'), ...WITHOUT_REDIS },
    {
      name: 'PostgreSQL is killed',
      begin: () => database.kill(),
      end: () => database.start(),
      felt: ['own sessions', 'codes', 'devices', 'clients', 'workloads', 'administration'],
      unfelt: [],
    },
    {
      name: 'PostgreSQL is frozen',
      begin: () => database.freeze(),
      end: () => database.thaw(),
      felt: ['own sessions', 'codes', 'devices', 'clients', 'workloads', 'administration'],
      unfelt: [],
    },
    {
      name: 'PostgreSQL takes no writes',
      begin: () => readOnly(true),
      end: () => readOnly(false),
      felt: ['administration'],
      unfelt: ['own sessions', 'codes', 'devices', 'clients', 'workloads'],
    },
  ];

  test('answers everybody', async () => {
    await untilEach(stage, stage.parts, 'rounds');
  });

  test.each(FAULTS)(
    'says that it cannot while $name, and can again by itself',
    async ({ begin, end, felt, unfelt }) => {
      await begin();
      try {
        await untilEach(stage, felt, 'unavailable');
        await untilEach(stage, unfelt, 'rounds');
      } finally {
        await end();
      }
      await untilEach(stage, stage.parts, 'rounds');
    },
  );

  test('answered every request, and lost nothing that it said was over', async () => {
    expect(await untilSettled(stage, redis.url)).toEqual([]);
    const { ended, defects } = stage.ledger;
    expect(ended.length).toBeGreaterThan(stage.parts.length);
    expect(defects).toEqual([]);
  });
});
