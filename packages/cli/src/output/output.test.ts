import { expect, test } from 'vitest';
import { ALICE } from '../testing/answers.ts';
import { runCli } from '../testing/run-cli.ts';

const list = (items: readonly unknown[], ...more: string[]) =>
  runCli(['users', 'list', ...more], { exchanges: [{ request: 'GET /v1/users?limit=50', answer: { items } }] });

test('a list is a table, its hint apart from it', async () => {
  const { out, err } = await list([ALICE, { ...ALICE, email: 'b@x', roles: [], grants: [], active: false }]);
  expect(out).toBe(
    [
      'ID                                    EMAIL              ACTIVE  ROLES   SERVICES',
      '00000000-0000-4000-8000-000000000002  alice@example.org  yes     member  bucket',
      '00000000-0000-4000-8000-000000000002  b@x                no      -       -',
      '',
    ].join('\n'),
  );
  expect(err).toBe('Next: sekisho users get USER\n');
});

test('as JSON it is what the server said, and nothing else is told', async () => {
  const { out, err } = await list([ALICE], '--output', 'json');
  expect(JSON.parse(out)).toEqual({ items: [ALICE] });
  expect(err).toBe('');
});

test('nothing that a server sends steers the terminal', async () => {
  const email = '\u001b]0;owned\u0007\u009b31m\u202egro@x\r\n';
  for (const form of ['table', 'json']) {
    const { out } = await list([{ ...ALICE, email }], '--output', form);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    if (form === 'json') expect(JSON.parse(out).items[0].email).toBe(email);
  }
});

test('nor what it sends for the hint', async () => {
  const next = '\u001b]0;owned\u0007\u202e';
  const answer = { items: [ALICE], next };
  const { err } = await runCli(['users', 'list'], { exchanges: [{ request: 'GET /v1/users?limit=50', answer }] });
  expect(err).toContain('Next: sekisho users list --cursor ');
  expect(err.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('another answer than expected is an error that names the field', async () => {
  const { code, out, err } = await list([{ ...ALICE, roles: 'member' }]);
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toContain('/items/0/roles');
});
