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

const never = async () => {
  throw new TypeError('it is refused before');
};

function tokensOf(family: FamilyOfSession) {
  return createRefreshTokens({
    store: { find: async () => family, begin: never, rotate: never },
    ...{ format, isRevoked: () => false, endSession: never, takeTurn: never, newSecret: () => '' },
  });
}

function using(family: FamilyOfSession) {
  const tokens = tokensOf(family);
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

  test('ends the session where it may be of a later one, for its own client', async () => {
    const { sessionOf } = tokensOf({ ...known, isLatest: false });
    const token = tokenOf('later');
    expect(await sessionOf({ token, clientId: 'shop' })).toEqual({ id: 's1', userId: 'u1', clientId: 'shop' });
    expect(await sessionOf({ token, clientId: 'desk' })).toBeUndefined();
  });

  test('ends nothing where there is no later one', async () => {
    const { sessionOf } = tokensOf({ ...known, isLatest: true });
    expect(await sessionOf({ token: tokenOf('earlier'), clientId: 'shop' })).toBeUndefined();
  });
});
