import { describe, expect, test } from 'vitest';
import { isWeakPassword } from './weak-password.ts';

const email = 'jane.doe@example.org';

describe('a password', () => {
  test.each([
    'password',
    'Password1!',
    'P@ssw0rd!',
    'passwordpassword',
    'qwertyuiop',
    'Qwertz123!',
    '12345678',
    '87654321',
    '00000000',
    'abcdefgh',
    'abcabcabc',
    'xyxyxyxy1',
    'Summer2026',
    'iloveyou!!',
    '@dmin1234',
    'Sekisho2026!',
    'jane.doe',
    'Jane.Doe123',
    'janedoe1987',
    email,
  ])('like %j is among the first that a guesser tries', (password) => {
    expect(isWeakPassword(password, email)).toBe(true);
  });

  test.each([
    'correct horse',
    'correct horse battery staple',
    'battery staple',
    'my summer at the lake',
    'password of the gardener',
    'kJ8#mQ2$vL5x',
    'a1b2c3d4e5f6x7',
    '\u65e5\u672c\u8a9e\u306e\u5408\u8a00\u8449\u3067\u3059',
    '7291048365',
  ])('like %j is not', (password) => {
    expect(isWeakPassword(password, email)).toBe(false);
  });

  test('as long as can be is judged at once', () => {
    const started = process.cpuUsage();
    for (const text of ['a'.repeat(1_023), 'ab'.repeat(511), '1'.repeat(500) + 'a'.repeat(523)]) {
      isWeakPassword(`${text}\u0000`, email);
    }
    // Time of the processor: how long a busy machine lets it wait is not what is judged.
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
