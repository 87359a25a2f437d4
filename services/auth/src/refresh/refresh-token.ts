import type { EncryptionKeys } from '@sekisho/tokens';
import { createSessionSecretFormat } from './session-secret.ts';

/** What a refresh token says. None of it is secret: access tokens say most of it too. */
export interface RefreshTokenContent {
  readonly userId: string;
  readonly sessionId: string;
  /** Which of the session's tokens it is, counted from 0. */
  readonly generation: number;
}

export interface RefreshTokenRead extends RefreshTokenContent {
  /** Whether we made it, for a family with this secret. */
  isGenuine(secret: string): boolean;
}

/** Makes and reads refresh tokens; nothing about a single one is stored. */
export interface RefreshTokenFormat {
  /** The same content and secret give the same token. */
  make(content: RefreshTokenContent, secret: string): string;
  /** @returns undefined for what does not look like one */
  read(token: string): RefreshTokenRead | undefined;
}

const KIND = { prefix: 'skr_', purpose: 'refresh-token' } as const;
const CONTENT = /^1\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{1,128})\.(0|[1-9]\d{0,14})$/;

/** The secret is that of the session's family. */
export function createRefreshTokenFormat(keys: EncryptionKeys): RefreshTokenFormat {
  const format = createSessionSecretFormat(keys, KIND);
  return {
    make: ({ userId, sessionId, generation }, secret) => format.make(`1.${userId}.${sessionId}.${generation}`, secret),
    read(token) {
      const read = format.read(token);
      const [, userId, sessionId, generation] = CONTENT.exec(read?.content ?? '') ?? [];
      if (read === undefined || userId === undefined || sessionId === undefined) return undefined;
      return { userId, sessionId, generation: Number(generation), isGenuine: read.isGenuine };
    },
  };
}
