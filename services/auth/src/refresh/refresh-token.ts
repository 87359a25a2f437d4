import { timingSafeEqual } from 'node:crypto';
import type { EncryptionKeys } from '@sekisho/tokens';
import { createKeyedHash } from '../keys/keyed-hash.ts';

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

/** Recognisable, for scanners that look for secrets where none should be. */
const PREFIX = 'skr_';
const MAX_LENGTH = 512;
const CONTENT = /^(1\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{1,128})\.(0|[1-9]\d{0,14}))\.([A-Za-z0-9_-]{43})$/;

/**
 * A token is made of two secrets: a key of this service, without which whoever reads Redis makes none, and the secret
 * of the session's family, without which whoever learns the key makes none.
 */
export function createRefreshTokenFormat({ current, previous }: EncryptionKeys): RefreshTokenFormat {
  const hashOf = (key: Buffer) => createKeyedHash(key, 'refresh-token');
  const currentHash = hashOf(current);
  const hashes = [currentHash, ...previous.map(hashOf)];
  return {
    make({ userId, sessionId, generation }, secret) {
      const content = `1.${userId}.${sessionId}.${generation}`;
      const text = `${content}.${currentHash(`${content}.${secret}`)}`;
      return PREFIX + Buffer.from(text).toString('base64url');
    },
    read(token) {
      const [, content = '', userId = '', sessionId = '', generation = '', mac = ''] =
        CONTENT.exec(decode(token)) ?? [];
      if (content === '') return undefined;
      const isGenuine = (secret: string) => hashes.some((hash) => areEqual(mac, hash(`${content}.${secret}`)));
      return { userId, sessionId, generation: Number(generation), isGenuine };
    },
  };
}

/** Empty for what is not the one spelling of its text. */
function decode(token: string): string {
  if (token.length > MAX_LENGTH || !token.startsWith(PREFIX)) return '';
  const encoded = token.slice(PREFIX.length);
  const text = Buffer.from(encoded, 'base64url').toString('latin1');
  return Buffer.from(text, 'latin1').toString('base64url') === encoded ? text : '';
}

/** In constant time; both are as long as a hash. */
function areEqual(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
