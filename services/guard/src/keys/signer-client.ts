import { type SigningAlgorithm, type SigningKey, sealSigningKey } from '@sekisho/tokens';
import { type AuthClient, codeOf, refusedBy } from '../auth/auth-client.ts';
import { parseSignerAnswer, type SignerAnswer } from './signer-answer.ts';

/** What the auth service has of the guard's keys. Both reject with GuardError. */
export interface SignerClient {
  list(signal: AbortSignal): Promise<SignerAnswer>;
  /** @returns undefined when the key is not wanted: another replica was faster */
  offer(key: OfferedKey, signal: AbortSignal): Promise<SignerAnswer | undefined>;
}

export interface OfferedKey {
  readonly jwk: SigningKey['publicJwk'];
  readonly alg: SigningAlgorithm;
  /** base64url */
  readonly sealed: string;
}

/** The key as others may see it: its private half opens to those who have the encryption key. */
export function toOffer(key: SigningKey, encryptionKey: Buffer): OfferedKey {
  const sealed = sealSigningKey(key, encryptionKey).toString('base64url');
  return { jwk: key.publicJwk, alg: key.publicJwk.alg, sealed };
}

const PATH = '/v1/signers/guard/keys';
const CONFLICT = 409;

export function createSignerClient(ask: AuthClient): SignerClient {
  return {
    async list(signal) {
      const answer = await ask({ path: PATH, signal });
      if (answer.status === 200) return parseSignerAnswer(answer.text);
      throw refusedBy(answer);
    },
    async offer(key, signal) {
      const answer = await ask({ path: PATH, body: key, signal });
      if (answer.status === 200) return parseSignerAnswer(answer.text);
      if (answer.status === CONFLICT && codeOf(answer.text) === 'key_unwanted') return undefined;
      throw refusedBy(answer);
    },
  };
}
