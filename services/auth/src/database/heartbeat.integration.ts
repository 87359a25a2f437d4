import { systemClock } from '@sekisho/kube';
import { createLogger } from '@sekisho/telemetry';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { databaseKinds, openTestDatabase } from '../testing/real-service.ts';
import { beat, HEARTBEAT, type Heartbeat } from './heartbeat.ts';
import type { OpenDatabase } from './open.ts';
import { startPulse } from './pulse.ts';
import { ReplicaAge } from './replica-age.ts';

/** Pauses take no time. */
const clock = { ...systemClock, after: (_: number, task: () => void) => systemClock.after(1, task) };
const PATIENCE = { timeout: 60_000, interval: 50 };

describe.each(databaseKinds(inject('postgresUrl')))('the heartbeat of $name', (kind) => {
  let database: OpenDatabase;
  let remove = async () => {};
  beforeAll(async () => {
    const created = await kind.create();
    remove = created.remove;
    database = await openTestDatabase(created.url);
  });
  afterAll(async () => {
    await database?.close();
    await remove();
  });

  const setTo = (moment: string) => sql`update database_heartbeat set at = ${sql.raw(moment)}`.execute(database.db);
  async function shown(): Promise<Heartbeat> {
    const { rows } = await sql.raw<Heartbeat>(HEARTBEAT).execute(database.db);
    if (rows[0] === undefined) throw new Error('the row is missing');
    return rows[0];
  }

  test('goes on beside a replica that does not answer, and after the database is gone', async () => {
    await setTo(`now() - interval '1 hour'`);
    const { writtenAt } = await shown();
    const age = new ReplicaAge({ maxMs: 60_000, clock: systemClock });
    const looks = { count: 0 };
    const look = async () => {
      looks.count += 1;
      throw new Error('the replica does not answer');
    };
    const log = createLogger({ name: 'test', level: 'silent' });
    const pulse = startPulse({ database: { ...database, replica: { age, look } }, log, clock, random: () => 0 });
    onTestFinished(() => pulse.stop());
    await expect.poll(async () => (await shown()).writtenAt, PATIENCE).toBeGreaterThan(writtenAt);
    await expect.poll(() => looks.count, PATIENCE).toBeGreaterThan(1);
    await pulse.stop();
    await pulse.round();
  });

  test('is written by the clock of the database, once in a while', async () => {
    await setTo(`now() - interval '1 hour'`);
    const before = await shown();
    expect(before.readAt - before.writtenAt).toBeGreaterThanOrEqual(3_600_000);
    const now = await beat(database.db);
    expect((await shown()).writtenAt).toBe(now);
  });

  test('is not written again by who comes right after', async () => {
    // In one transaction no time passes.
    await database.db.transaction().execute(async (tx) => {
      await sql`update database_heartbeat set at = now() - interval '4 seconds'`.execute(tx);
      await beat(tx);
      const { rows } = await sql<{ kept: boolean }>`
        select at = now() - interval '4 seconds' as kept from database_heartbeat`.execute(tx);
      expect(rows).toEqual([{ kept: true }]);
    });
  });

  test('goes on when the clock of the database was set back', async () => {
    await setTo(`now() + interval '1 hour'`);
    const now = await beat(database.db);
    expect((await shown()).writtenAt).toBe(now);
  });
});
