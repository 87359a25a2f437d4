import { TokenError } from './errors.ts';
import { unseal } from './seal.ts';

/** Keys of 32 bytes: what is stored is sealed with the current one, and opened with any. */
export interface EncryptionKeys {
  readonly current: Buffer;
  /** Those before it, while something that they sealed may still be stored. */
  readonly previous: readonly Buffer[];
}

export interface Opened {
  readonly plain: Buffer;
  /** Whether a previous key opened it, so that it should be sealed again. */
  readonly outdated: boolean;
}

/** @throws TokenError `key_unreadable` when none of the keys opens it */
export function openSealed(sealed: Uint8Array, kid: string, { current, previous }: EncryptionKeys): Opened {
  try {
    return { plain: unseal(sealed, kid, current), outdated: false };
  } catch (error) {
    for (const key of previous) {
      const plain = attempt(() => unseal(sealed, kid, key));
      if (plain !== undefined) return { plain, outdated: true };
    }
    throw error;
  }
}

function attempt(open: () => Buffer): Buffer | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof TokenError && error.code === 'key_unreadable') return undefined;
    throw error;
  }
}

const KEY_BYTES = 32;
const MAX_KEYS = 8;

/**
 * Encryption keys as a file holds them: one in base64 on each line, the current one first.
 * @throws TokenError `key_invalid` naming the variable and, if need be, the line
 */
export function parseEncryptionKeys(variable: string, text: string): EncryptionKeys {
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_KEYS) throw unusable(`${variable}: the file must hold at most ${MAX_KEYS} keys`);
  const [current, ...previous] = lines.map((line, index) => parseKey(line, `${variable}: line ${index + 1}`));
  if (current === undefined) throw unusable(`${variable}: the file holds no key`);
  return { current, previous };
}

function parseKey(line: string, where: string): Buffer {
  const key = Buffer.from(line, 'base64');
  if (key.length === KEY_BYTES && key.toString('base64') === line) return key;
  throw unusable(`${where} of the file must hold ${KEY_BYTES} bytes in base64`);
}

function unusable(message: string): TokenError {
  return new TokenError('key_invalid', message);
}
