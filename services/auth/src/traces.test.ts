import { keptTracing } from '@sekisho/telemetry/testing';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import { expect, test } from 'vitest';
import { createPasswordHasher } from './passwords/hasher.ts';
import { queryLog, tracedPasswords } from './traces.ts';

test('a query is a span by its kind, without its text and values', async () => {
  const { tracing, spans } = keptTracing();
  const log = queryLog(tracing);
  const db = new Kysely<{ users: { email: string } }>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (of) => new PostgresIntrospector(of),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    ...(log !== undefined && { log }),
  });
  const outer = tracing.serve({ name: 'GET /' });
  await outer?.run(async () => {
    await db.selectFrom('users').selectAll().where('email', '=', 'hunter2').execute();
    await sql`select 'hunter2'`.execute(db);
  });
  await db.deleteFrom('users').execute();
  outer?.end();
  expect(spans).toMatchObject([
    { name: 'SELECT', attributes: { 'db.system.name': 'postgresql' } },
    { name: 'SQL' },
    { name: 'GET /' },
  ]);
  expect(spans[0]?.parentSpanId).toBe(spans[2]?.spanId);
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});

test('a password that is verified is a span without it', async () => {
  const { tracing, spans } = keptTracing();
  const passwords = tracedPasswords(tracing, await createPasswordHasher({ concurrency: 1, maxWaiting: 1 }));
  const outer = tracing.serve({ name: 'POST /' });
  expect(await outer?.run(() => passwords.verify(undefined, 'hunter2'))).toBe(false);
  expect(spans.map(({ name }) => name)).toEqual(['password.verify']);
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});
