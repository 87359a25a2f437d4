import { sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm, SigningKey } from './keys.ts';

const signElsewhere = promisify(sign);

/**
 * How each algorithm signs. For both a bare KeyObject means what JWS wants: PKCS #1 v1.5 for RSA (RFC 7518 section
 * 3.3), and for ECDSA all but the form; with the option `dsaEncoding` Node takes more than twice as long.
 */
const SIGN: Readonly<Record<SigningAlgorithm, (input: Buffer, key: SigningKey) => Buffer | Promise<Buffer>>> = {
  // 30 us: the way to another thread and back would cost more than it frees.
  ES256: (input, { privateKey }) => toP1363(sign('sha256', input, privateKey)),
  RS256: (input, { privateKey }) => signElsewhere('sha256', input, privateKey),
};

/** r and s, each of so many bytes, side by side (RFC 7518 section 3.4). */
const P256_BYTES = 32;

/** The encoded protected header, the same for all tokens of a key. */
const headers = new WeakMap<SigningKey, string>();

/**
 * A compact JWS (RFC 7515 section 7.1) over a claims set, `typ: at+jwt` (RFC 9068 section 2.1).
 * @param claims validated: their strings are well-formed Unicode
 */
export async function signCompact(claims: object, key: SigningKey): Promise<string> {
  const input = signingInput(claims, key);
  const signature = await SIGN[key.publicJwk.alg](Buffer.from(input, 'latin1'), key);
  return `${input}.${signature.toString('base64url')}`;
}

function signingInput(claims: object, key: SigningKey): string {
  let header = headers.get(key);
  if (header === undefined) {
    header = encode({ alg: key.publicJwk.alg, typ: 'at+jwt', kid: key.kid });
    headers.set(key, header);
  }
  return `${header}.${encode(claims)}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** SEQUENCE { INTEGER r, INTEGER s } in DER, whose lengths are one byte each for P-256 (RFC 3279 section 2.2.3). */
export function toP1363(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * P256_BYTES);
  const afterR = placeInteger(der, 2, raw.subarray(0, P256_BYTES));
  placeInteger(der, afterR, raw.subarray(P256_BYTES));
  return raw;
}

/** Right-aligned: DER drops leading zeros, and puts one before a first bit that is set. @returns where it ends */
function placeInteger(der: Buffer, at: number, into: Buffer): number {
  const end = at + 2 + der.readUInt8(at + 1);
  const bytes = der.subarray(Math.max(at + 2, end - P256_BYTES), end);
  bytes.copy(into, P256_BYTES - bytes.length);
  return end;
}

/** The other way round. Whatever r and s are, this is the one DER of them. */
export function toDer(raw: Buffer): Buffer {
  const der = Buffer.alloc(DER_BYTES);
  const afterR = writeInteger(der, 2, raw.subarray(0, P256_BYTES));
  const end = writeInteger(der, afterR, raw.subarray(P256_BYTES, 2 * P256_BYTES));
  der.writeUInt8(SEQUENCE, 0);
  der.writeUInt8(end - 2, 1);
  return der.subarray(0, end);
}

const [SEQUENCE, INTEGER] = [0x30, 0x02];
/** Two bytes before the sequence and before each integer, and one more before a first bit that is set. */
const DER_BYTES = 2 + 2 * (3 + P256_BYTES);

/** Without leading zeros, and with one before a first bit that is set: the integers are not negative. @returns where it ends */
function writeInteger(der: Buffer, at: number, bytes: Buffer): number {
  let start = 0;
  while (start < P256_BYTES - 1 && bytes[start] === 0) start += 1;
  const sign = bytes.readUInt8(start) >= 0x80 ? 1 : 0;
  const length = P256_BYTES - start + sign;
  der.writeUInt8(INTEGER, at);
  der.writeUInt8(length, at + 1);
  bytes.copy(der, at + 2 + sign, start);
  return at + 2 + length;
}
