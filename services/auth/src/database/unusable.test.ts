import { expect, test } from 'vitest';
import { whyUnusable } from './unusable.ts';

const failed = (code: string | undefined, message = 'failed') => Object.assign(new Error(message), code && { code });

test.each([
  ['28P01', 'DATABASE_URL names a user or a password'],
  ['28000', 'DATABASE_URL names a user or a password'],
  ['3D000', 'a database that does not exist'],
  ['42501', 'may not change the schema'],
  ['42P07', 'fails on its schema'],
  ['23505', 'fails on what is stored'],
])('waiting does not mend %s', (code, reason) => {
  expect(whyUnusable(failed(code))).toContain(reason);
});

test('waiting does not mend migrations that somebody changed', () => {
  const message = 'corrupted migrations: previously executed migration 0002-x is missing';
  expect(whyUnusable(failed(undefined, message))).toContain('not those of this release');
});

test.each([
  ['ECONNREFUSED', 'nobody listens yet'],
  ['ENOTFOUND', 'no such name yet'],
  ['57P03', 'the server is starting'],
  ['53300', 'too many connections'],
  ['25006', 'a primary that is none any more'],
  ['40P01', 'a deadlock'],
  ['57014', 'a statement that took too long'],
  [undefined, 'a connection that ended'],
])('waiting may mend %s: %s', (code, _) => {
  expect(whyUnusable(failed(code))).toBeUndefined();
});

test('waiting may mend what is no error at all', () => {
  expect(whyUnusable('28P01')).toBeUndefined();
});
