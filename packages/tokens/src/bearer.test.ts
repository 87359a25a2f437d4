import { describe, expect, test } from 'vitest';
import { bearerToken } from './bearer.ts';

describe('bearerToken', () => {
  test.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER   a.b.c'])('reads %j', (header) => {
    expect(bearerToken(header)).toBe('a.b.c');
  });

  test.each([undefined, '', 'Basic YTpi', 'Bearera.b.c', 'Basic abc Bearer a.b.c'])(
    'misses the token in %j',
    (header) => {
      expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'token_missing' }));
    },
  );

  test.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer a, Bearer b'])('calls %j malformed', (header) => {
    expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'token_malformed' }));
  });
});
