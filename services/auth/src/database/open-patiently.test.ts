import { FakeClock, settle } from '@sekisho/kube/testing';
import { createLogger } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import type { OpenDatabase } from './open.ts';
import { openPatiently } from './open-patiently.ts';

const away = () => new AuthError('unavailable', 'the database could not be migrated');
const log = createLogger({ name: 'test', level: 'silent' });

/** A database that answers the attempt after these. */
function set(...failures: Error[]) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const database = {} as OpenDatabase;
  let attempts = 0;
  const open = async () => {
    const failure = failures[attempts];
    attempts += 1;
    if (failure) throw failure;
    return database;
  };
  const opened = openPatiently(open, { waitMs: 2_000, signal: stop.signal, clock, log });
  opened.catch(() => undefined);
  return { clock, stop, database, opened, attempts: () => attempts };
}

test('a database that comes later is opened when it comes', async () => {
  const { clock, opened, database, attempts } = set(away(), away());
  await clock.advance(1_500);
  expect(await opened).toBe(database);
  expect(attempts()).toBe(3);
});

test('one that does not come in time is an error, after the time', async () => {
  const { clock, opened, attempts } = set(...Array.from({ length: 100 }, away));
  await clock.advance(10_000);
  await expect(opened).rejects.toMatchObject({ code: 'unavailable' });
  expect(attempts()).toBe(5);
});

test('what waiting does not mend is an error at once', async () => {
  const { opened, attempts } = set(new AuthError('database_in_use', 'another process has it open'));
  await expect(opened).rejects.toMatchObject({ code: 'database_in_use' });
  expect(attempts()).toBe(1);
});

test('a process that is told to stop does not wait on', async () => {
  const { stop, opened } = set(...Array.from({ length: 100 }, away));
  await settle();
  stop.abort();
  await expect(opened).rejects.toMatchObject({ code: 'unavailable' });
});
