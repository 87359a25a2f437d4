import { describe, expect, test } from 'vitest';
import { sessionKeys } from './keys.ts';

const keys = sessionKeys('sk');

describe('sessionKeys', () => {
  test("puts a user's keys under one hash tag, and the index under none", () => {
    expect(keys.ofUser('u1')).toBe('sk:{user:u1}:sessions');
    expect(keys.session('u1', 's1')).toBe('sk:{user:u1}:session:s1');
    expect(`${keys.sessionPrefix('u1')}s1`).toBe(keys.session('u1', 's1'));
    expect(keys.owner('s1')).toBe('sk:session:s1');
  });

  test.each(['', 'a}b', '{a', 'a:b', 'a b', 'a\n', 'x'.repeat(129)])('refuses the id %j', (id) => {
    for (const name of [() => keys.ofUser(id), () => keys.session('u', id), () => keys.owner(id)]) {
      expect(name).toThrow(expect.objectContaining({ code: 'session_invalid' }));
    }
  });
});
