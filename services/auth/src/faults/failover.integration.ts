import { startSentinels, type Topology, until } from '@sekisho/sessions/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type DatabaseKind, databaseKinds } from '../testing/real-service.ts';
import { untilEach, untilSettled } from './testing/progress.ts';
import { type Stage, setStage } from './testing/stage.ts';

const TIMEOUT_MS = 900_000;
const PATIENCE_MS = 120_000;

describe('a service whose Redis fails over while everybody uses it', { timeout: TIMEOUT_MS }, () => {
  let topology: Topology;
  let database: Awaited<ReturnType<DatabaseKind['create']>>;
  let stage: Stage;

  beforeAll(async () => {
    const kind = databaseKinds(inject('postgresUrl')).at(-1);
    if (kind === undefined) throw new Error('there is no database');
    [topology, database] = await Promise.all([startSentinels(inject('valkey')), kind.create()]);
    const stores = { redisUrl: topology.url, databaseUrl: database.url, revocationMinReplicas: 1 };
    // All along: a machine that is slow enough lets the Sentinels fail over without being asked.
    stage = await setStage({ ...stores, mayLose: true });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await stage?.close();
    await Promise.all([topology?.remove(), database?.remove()]);
  }, TIMEOUT_MS);

  test.each(['killed', 'frozen'] as const)(
    'goes on by itself with another primary when one is %s, and with the old one as its replica',
    async (how) => {
      await untilEach(stage, stage.parts, 'rounds');
      const old = await topology.primary();
      await (how === 'killed' ? old.kill() : old.freeze());
      await until('another takes over', async () => (await topology.primary()) !== old, PATIENCE_MS);
      await untilEach(stage, stage.parts, 'rounds');
      await (how === 'killed' ? old.start() : old.thaw());
      const isReplica = async () => String(await old.ask('info', 'replication')).includes('role:slave');
      await until('the old primary is a replica', isReplica, PATIENCE_MS);
      await untilEach(stage, stage.parts, 'rounds');
    },
  );

  test('answered every request, said when it could not, and lost no ending that it confirmed', async () => {
    expect(await untilSettled(stage, topology.url)).toEqual([]);
    const { ledger, parts } = stage;
    expect(parts.filter((part) => ledger.tally(part).unavailable > 0)).not.toEqual([]);
    expect(ledger.ended.length).toBeGreaterThan(parts.length);
    expect(ledger.defects).toEqual([]);
  });
});
