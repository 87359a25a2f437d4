import { timingSafeEqual } from 'node:crypto';
import type { EncryptionKeys } from '@sekisho/tokens';
import { createKeyedHash, type KeyedHash } from '../keys/keyed-hash.ts';

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
  /**
   * Whether we made it for this holder, whatever became of its session: Redis may have lost that, and its secret with it.
   * Good for ending the session, and for nothing else.
   */
  isSealedFor(holder: string): boolean;
}

/** Makes and reads text that brings access tokens of a session; nothing about a single one is stored. */
export interface SessionSecretFormat {
  /**
   * The same content, secret and holder give the same text.
   * @param holder whose it is: the only one who may end the session by it when nobody else knows any more
   */
  make(content: string, secret: string, holder: string): string;
  /** @returns undefined for what does not look like one */
  read(text: string): SessionSecretRead | undefined;
}

export const MAX_SESSION_SECRET_LENGTH = 512;
const MACED = /^((.+)\.([A-Za-z0-9_-]{22}))\.([A-Za-z0-9_-]{43})$/;
/** 132 bits. */
const SEAL_LENGTH = 22;

/**
 * It is made of two secrets: a key of this service, without which whoever reads Redis makes none, and the secret that is kept
 * beside the session, without which whoever learns the key makes none. The seal in it is made of the key alone.
 */
export function createSessionSecretFormat(
  { current, previous }: EncryptionKeys,
  { prefix, purpose }: SessionSecretKind,
): SessionSecretFormat {
  const macs = hashesOf([current, ...previous], purpose);
  const seals = hashesOf([current, ...previous], `${purpose}-seal`);
  const sealBy = (hash: KeyedHash, content: string, holder: string) =>
    hash(`${content}.${holder}`).slice(0, SEAL_LENGTH);
  return {
    make(content, secret, holder) {
      const sealed = `${content}.${sealBy(seals[0], content, holder)}`;
      const text = `${sealed}.${macs[0](`${sealed}.${secret}`)}`;
      return prefix + Buffer.from(text).toString('base64url');
    },
    read(text) {
      const [, sealed, content, seal = '', mac = ''] = MACED.exec(decode(text, prefix)) ?? [];
      if (content === undefined) return undefined;
      return {
        content,
        isGenuine: (secret) => macs.some((hash) => areEqual(mac, hash(`${sealed}.${secret}`))),
        isSealedFor: (holder) => seals.some((hash) => areEqual(seal, sealBy(hash, content, holder))),
      };
    },
  };
}

/** The first makes, all check. */
function hashesOf(
  [current, ...previous]: readonly [Buffer, ...Buffer[]],
  purpose: string,
): [KeyedHash, ...KeyedHash[]] {
  const hashOf = (key: Buffer) => createKeyedHash(key, purpose);
  return [hashOf(current), ...previous.map(hashOf)];
}

/** Empty for what is not the one spelling of its text. */
function decode(text: string, prefix: string): string {
  if (text.length > MAX_SESSION_SECRET_LENGTH || !text.startsWith(prefix)) return '';
  const encoded = text.slice(prefix.length);
  const decoded = Buffer.from(encoded, 'base64url').toString('latin1');
  return Buffer.from(decoded, 'latin1').toString('base64url') === encoded ? decoded : '';
}

/** In constant time; both are of one length. */
function areEqual(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
