import type { EncryptionKeys } from '@sekisho/tokens';
import { createSessionSecretFormat, type SessionSecretRead } from './session-secret.ts';

/** What a refresh token says. None of it is secret: access tokens say most of it too. */
export interface RefreshTokenContent {
  readonly userId: string;
  readonly sessionId: string;
  /** Which of the session's tokens it is, counted from 0. */
  readonly generation: number;
}

/** Whether it is genuine is asked with the secret of the session's family, whether it is sealed with the client. */
export interface RefreshTokenRead extends RefreshTokenContent, Omit<SessionSecretRead, 'content'> {}

/** Makes and reads refresh tokens; nothing about a single one is stored. */
export interface RefreshTokenFormat {
  /** The same content, secret and client give the same token. */
  make(content: RefreshTokenContent, secret: string, clientId: string): string;
  /** @returns undefined for what does not look like one */
  read(token: string): RefreshTokenRead | undefined;
}

const KIND = { prefix: 'skr_', purpose: 'refresh-token' } as const;
const CONTENT = /^2\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{1,128})\.(0|[1-9]\d{0,14})$/;

/** The secret is that of the session's family. */
export function createRefreshTokenFormat(keys: EncryptionKeys): RefreshTokenFormat {
  const format = createSessionSecretFormat(keys, KIND);
  return {
    make: ({ userId, sessionId, generation }, secret, clientId) =>
      format.make(`2.${userId}.${sessionId}.${generation}`, secret, clientId),
    read(token) {
      const read = format.read(token);
      const [, userId, sessionId, generation] = CONTENT.exec(read?.content ?? '') ?? [];
      if (read === undefined || userId === undefined || sessionId === undefined) return undefined;
      const { content: _, ...proofs } = read;
      return { userId, sessionId, generation: Number(generation), ...proofs };
    },
  };
}
