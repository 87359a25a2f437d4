import type { RevocationReader, Session } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { isSessionRevoked } from './session-revoked.ts';

const SESSION: Session = {
  ...{ id: 's1', userId: 'alice', device: {}, fingerprint: 'd1' },
  ...{ createdAt: 100_500, lastAccessedAt: 200_000, expiresAt: 900_000 },
};

/** Refuses the client `shop` up to a moment of each region, and of none up to 50. */
const reader: Pick<RevocationReader, 'check'> = {
  check({ client_id: client, iat = 0 }, from) {
    const region = typeof from === 'object' ? from.region : undefined;
    const moment = { tokyo: 90, osaka: 110 }[region ?? ''] ?? 50;
    return client === 'shop' && iat <= moment ? { kind: 'client' } : undefined;
  },
};
const isRevoked = (session: Partial<Session>, own?: string) =>
  isSessionRevoked(reader, { session: { ...SESSION, ...session }, clientId: 'shop' }, own);

describe('a session', () => {
  test('is as old as its log-in, by the moment of the region that keeps it', () => {
    expect(isRevoked({}, 'tokyo')).toBe(false);
    expect(isRevoked({ createdAt: 90_900 }, 'tokyo')).toBe(true);
    expect(isRevoked({}, 'osaka')).toBe(true);
  });

  test('that began in another region is refused by what that one had let in until it heard', () => {
    expect(isRevoked({ region: 'osaka' }, 'tokyo')).toBe(true);
    expect(isRevoked({ region: 'osaka', createdAt: 111_000 }, 'tokyo')).toBe(false);
    expect(isRevoked({ region: 'tokyo' }, 'osaka')).toBe(true);
  });

  test('where there is one region is judged by its moment, and by its own client alone', () => {
    expect([isRevoked({}), isRevoked({ createdAt: 50_000 })]).toEqual([false, true]);
    const other = { session: { ...SESSION, createdAt: 0 }, clientId: 'web' };
    expect(isSessionRevoked(reader, other, 'tokyo')).toBe(false);
  });
});
