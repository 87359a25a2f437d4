import { randomBytes } from 'node:crypto';
import type { FamilyOfSession } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { createRefreshTokenFormat } from './refresh-token.ts';
import { createRefreshTokens } from './refresh-tokens.ts';

const format = createRefreshTokenFormat({ current: randomBytes(32), previous: [] });
const session = {
  ...{ id: 's1', userId: 'u1', device: {}, fingerprint: 'f' },
  ...{ createdAt: 0, lastAccessedAt: 0, expiresAt: 1 },
};
const known = { session, secret: 'known', context: JSON.stringify({ clientId: 'shop' }), generation: 0 };
const tokenOf = (secret: string) => format.make({ userId: 'u1', sessionId: 's1', generation: 0 }, secret, 'shop');

function using(family: FamilyOfSession) {
  const never = async () => {
    throw new TypeError('it is refused before');
  };
  const tokens = createRefreshTokens({
    store: { find: async () => family, begin: never, rotate: never },
    ...{ format, isRevoked: () => false, endSession: never, takeTurn: never, newSecret: () => '' },
  });
  return (token: string, clientId = 'shop') => tokens.use({ token, clientId }, never);
}

describe('a refresh token that is ours, and of another family than the one that is known', () => {
  test('may be of a later one that a region could not tell of', async () => {
    const use = using({ ...known, isLatest: false });
    await expect(use(tokenOf('later'))).rejects.toMatchObject({ code: 'session_untold' });
  });

  test('is over where there is none', async () => {
    const use = using({ ...known, isLatest: true });
    await expect(use(tokenOf('later'))).rejects.toMatchObject({ code: 'session_expired', reason: 'token_unknown' });
  });

  test('is nothing for another client', async () => {
    const use = using({ ...known, isLatest: false });
    await expect(use(tokenOf('later'), 'desk')).rejects.toMatchObject({ code: 'session_expired' });
  });
});
