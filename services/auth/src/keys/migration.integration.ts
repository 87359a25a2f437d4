import { PGlite } from '@electric-sql/pglite';
import { generateSigningKey } from '@sekisho/tokens';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../database/migrations.ts';
import type { Database } from '../database/schema.ts';
import { createSqlKeys } from './sql-keys.ts';

test('keys from before there were stages are taken over, and outlive the longest token that there could be', async () => {
  const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite: new PGlite() }) });
  onTestFinished(() => db.destroy());
  await MIGRATIONS['0002-signing-keys']?.up(db);
  const made = '2026-01-02T03:04:05Z';
  const sealed = Buffer.from('sealed');
  for (const state of ['retiring', 'active', 'next']) {
    await sql`insert into signing_keys (kid, state, sealed, created_at)
      values (${state}, ${state}, ${sealed}, ${made})`.execute(db);
  }
  const { rows } = await sql<{ ms: number }>`select extract(epoch from now())::float8 * 1000 as ms`.execute(db);
  const migrating = rows[0]?.ms ?? Number.NaN;
  await MIGRATIONS['0003-key-rotation']?.up(db);
  await MIGRATIONS['0008-rotation-requests']?.up(db);
  await MIGRATIONS['0010-other-signers']?.up(db);
  await MIGRATIONS['0011-regional-keys']?.up(db);
  const store = createSqlKeys(db, 'auth');
  const { keys, now, hasSigned } = await store.read();
  expect(hasSigned).toBe(true);
  const since = Date.parse(made);
  /** As the first of these migrations found it. */
  const whenMigrated = (moment: number | undefined) => {
    expect(moment).toBeGreaterThanOrEqual(Math.floor(migrating));
    expect(moment).toBeLessThanOrEqual(now);
    return moment;
  };
  const [active, , retiring] = keys;
  expect(keys.map(({ sealed: bytes, ...key }) => ({ ...key, sealed: Buffer.from(bytes).toString() }))).toEqual(
    [
      // A next key was only made to replace the active one.
      { kid: 'active', state: 'active', since, rotationRequestedAt: whenMigrated(active?.rotationRequestedAt) },
      { kid: 'next', state: 'next', since },
      { kid: 'retiring', state: 'retiring', since: whenMigrated(retiring?.since) },
    ].map((key) => ({ ...key, region: '', holders: [], alg: 'ES256', longestTokenMs: 86_400_000, sealed: 'sealed' })),
  );
  const { publicJwk } = await generateSigningKey();
  const described = { ...publicJwk, kid: 'active' };
  expect([await store.describe(described), await store.describe(described)]).toEqual([true, false]);
  expect((await store.read()).keys[0]).toMatchObject({ kid: 'active', publicJwk: described });
});
