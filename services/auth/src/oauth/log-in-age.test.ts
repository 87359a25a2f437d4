import type { RevocationReader } from '@sekisho/sessions';
import { expect, test } from 'vitest';
import { createIsLogInRevoked } from './log-in-age.ts';

/** Refuses alice up to a moment of each region; of nobody knows where up to the latest, and where there is one region up to 50. */
const readerOf = (moments: Readonly<Record<string, number>>): Pick<RevocationReader, 'check'> => ({
  check({ sub, iat = 0 }, from) {
    const region = typeof from === 'object' ? from.region : undefined;
    const moment = moments[region ?? ''] ?? Math.max(50, ...Object.values(moments));
    return sub === 'alice' && iat <= moment ? { kind: 'user' } : undefined;
  },
});

test('a log-in is as old as this region says, however far ahead the clock of another one is', () => {
  const isRevoked = createIsLogInRevoked(readerOf({ tokyo: 90, osaka: 400 }), 'tokyo');
  expect(isRevoked({ userId: 'alice', at: 91 })).toBe(false);
  expect(isRevoked({ userId: 'alice', at: 90 })).toBe(true);
  expect(isRevoked({ userId: 'bob', at: 90 })).toBe(false);
});

test('where there is one region its moment counts, and an unknown age is older than that', () => {
  const isRevoked = createIsLogInRevoked(readerOf({}), undefined);
  expect([51, 50, undefined].map((at) => isRevoked({ userId: 'alice', at }))).toEqual([false, true, true]);
});
