import { isRecord } from '@sekisho/kube';

/** Longer than any token that is accepted: nothing is decoded for nothing. */
const MAX_LENGTH = 16_384;

/**
 * The payload that a token claims to have, unchecked: good for choosing who verifies it.
 * @returns undefined for what is no JWT
 */
export function unverifiedPayload(token: string): Readonly<Record<string, unknown>> | undefined {
  const segments = token.split('.', 4);
  if (token.length > MAX_LENGTH || segments.length !== 3) return undefined;
  try {
    const payload: unknown = JSON.parse(Buffer.from(segments[1] ?? '', 'base64url').toString());
    return isRecord(payload) ? payload : undefined;
  } catch {
    return undefined;
  }
}
