import { timingSafeEqual } from 'node:crypto';
import type { EncryptionKeys } from '@sekisho/tokens';
import { createKeyedHash } from '../keys/keyed-hash.ts';

export interface SessionSecretKind {
  /** Recognisable, for scanners that look for secrets where none should be. */
  readonly prefix: string;
  /** Another for each kind: what is made as one is not genuine as another. */
  readonly purpose: string;
}

export interface SessionSecretRead {
  readonly content: string;
  /** Whether we made it, for a session with this secret. */
  isGenuine(secret: string): boolean;
}

/** Makes and reads text that brings access tokens of a session; nothing about a single one is stored. */
export interface SessionSecretFormat {
  /** The same content and secret give the same text. */
  make(content: string, secret: string): string;
  /** @returns undefined for what does not look like one */
  read(text: string): SessionSecretRead | undefined;
}

export const MAX_SESSION_SECRET_LENGTH = 512;
const MACED = /^(.+)\.([A-Za-z0-9_-]{43})$/;

/**
 * It is made of two secrets: a key of this service, without which whoever reads Redis makes none, and the secret that is kept
 * beside the session, without which whoever learns the key makes none.
 */
export function createSessionSecretFormat(
  { current, previous }: EncryptionKeys,
  { prefix, purpose }: SessionSecretKind,
): SessionSecretFormat {
  const hashOf = (key: Buffer) => createKeyedHash(key, purpose);
  const currentHash = hashOf(current);
  const hashes = [currentHash, ...previous.map(hashOf)];
  return {
    make(content, secret) {
      const text = `${content}.${currentHash(`${content}.${secret}`)}`;
      return prefix + Buffer.from(text).toString('base64url');
    },
    read(text) {
      const [, content, mac = ''] = MACED.exec(decode(text, prefix)) ?? [];
      if (content === undefined) return undefined;
      const isGenuine = (secret: string) => hashes.some((hash) => areEqual(mac, hash(`${content}.${secret}`)));
      return { content, isGenuine };
    },
  };
}

/** Empty for what is not the one spelling of its text. */
function decode(text: string, prefix: string): string {
  if (text.length > MAX_SESSION_SECRET_LENGTH || !text.startsWith(prefix)) return '';
  const encoded = text.slice(prefix.length);
  const decoded = Buffer.from(encoded, 'base64url').toString('latin1');
  return Buffer.from(decoded, 'latin1').toString('base64url') === encoded ? decoded : '';
}

/** In constant time; both are as long as a hash. */
function areEqual(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
