import { randomBytes } from 'node:crypto';
import type { RefreshStore } from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { EncryptionKeys } from '@sekisho/tokens';
import { take } from '../login/rate-limit.ts';
import { createRefreshTokenFormat } from './refresh-token.ts';
import { createRefreshTokens, type RefreshTokens, type RefreshTokensOptions } from './refresh-tokens.ts';

export interface RefreshParts extends Pick<RefreshTokensOptions, 'endSession' | 'isRevoked'> {
  readonly store: RefreshStore;
  /** Where attempts are counted. */
  readonly redis: RedisClient;
  /** First part of every key. */
  readonly prefix: string;
  readonly encryptionKeys: EncryptionKeys;
}

/** Every tab of a browser may refresh at once when a laptop wakes up; a loop may not. */
const RATE = { burst: 120, refillSeconds: 10 };
const SECRET_BYTES = 32;

/** Refresh tokens, and how often a session may be refreshed. */
export function assembleRefreshTokens({ store, redis, prefix, encryptionKeys, ...parts }: RefreshParts): RefreshTokens {
  return createRefreshTokens({
    ...parts,
    store,
    format: createRefreshTokenFormat(encryptionKeys),
    takeTurn: (sessionId) => take(redis, { key: `${prefix}:limit:refresh:${sessionId}`, rate: RATE }),
    newSecret: () => randomBytes(SECRET_BYTES).toString('base64url'),
  });
}
