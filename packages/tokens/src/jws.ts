import { isUtf8 } from 'node:buffer';
import { type KeyObject, verify } from 'node:crypto';
import { TokenError } from './errors.ts';
import type { SigningAlgorithm } from './keys.ts';
import { toDer } from './sign.ts';

/** A compact JWS (RFC 7515 section 7.1), taken apart. Nothing of it is verified. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  /** What the signature is of. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const MAX_LENGTH = 16_384;

/** @throws TokenError `token_malformed` */
export function parseCompact(token: string): CompactJws {
  const segments = token.length > MAX_LENGTH ? [] : token.split('.', 4);
  const [header, payload, signature, ...more] = segments.map(decodeCanonical);
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw malformed('the token is not a compact JWS');
  }
  const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
  return { header: parseObject(header), payload, signed, signature };
}

/**
 * RFC 4648 section 3.5: a decoder may ignore the unused bits of the last character, which gives one signature
 * several spellings. Only the canonical one is taken, so that a token and its hash name each other.
 */
function decodeCanonical(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw malformed('the token is not in base64url');
  return bytes;
}

/**
 * A JSON object in UTF-8. Of a name that stands twice the last one counts (RFC 7515 section 4, RFC 7519 section 4).
 * @throws TokenError `token_malformed`
 */
export function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    // What is no UTF-8 would be read as other text than it is.
    value = isUtf8(bytes) ? JSON.parse(bytes.toString('utf8')) : undefined;
  } catch {
    // The message of a SyntaxError quotes the text.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('the token is no JWT');
  return value as Readonly<Record<string, unknown>>;
}

function malformed(message: string): TokenError {
  return new TokenError('token_malformed', message);
}

/** r and s of P-256, side by side (RFC 7518 section 3.4). */
const ES256_BYTES = 64;

/**
 * How each algorithm verifies, on the thread that asks: the way to another and back costs more than it frees. As in `sign.ts` a bare
 * KeyObject means what JWS wants, but for the form of an ECDSA signature; with the option `dsaEncoding` Node takes half as long again.
 */
const VERIFY: Readonly<Record<SigningAlgorithm, (jws: CompactJws, key: KeyObject) => boolean>> = {
  ES256: ({ signed, signature }, key) =>
    signature.length === ES256_BYTES && verify('sha256', signed, key, toDer(signature)),
  RS256: ({ signed, signature }, key) => verify('sha256', signed, key, signature),
};

/** @param alg what the key is for, whatever the header says: whoever calls compares both */
export function isSignedBy(jws: CompactJws, alg: SigningAlgorithm, key: KeyObject): boolean {
  return VERIFY[alg](jws, key);
}
