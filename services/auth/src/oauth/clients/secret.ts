import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** A secret and what is kept of it. 256 random bits cannot be guessed, so a plain hash hides them: no slow one is needed. */
export function newSecret(): { readonly secret: string; readonly hash: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { secret, hash: hashSecret(secret) };
}

function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Takes the same time whichever of the hashes it is, and when it is none. */
export function matchesSecret(hashes: readonly string[], secret: string): boolean {
  const presented = Buffer.from(hashSecret(secret));
  return hashes.map((hash) => isEqual(Buffer.from(hash), presented)).includes(true);
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
