import type { Clock } from '@sekisho/kube';
import { type SigningAlgorithm, type SigningKey, sealSigningKey } from '@sekisho/tokens';
import { GuardError } from '../errors.ts';
import { parseSignerAnswer, type SignerAnswer } from './signer-answer.ts';

export interface SignerClientOptions {
  /** Base URL of the auth service, as workloads reach it. */
  readonly authUrl: string;
  /** The projected ServiceAccount token with the audience `sekisho`, read for each request because the kubelet renews it. */
  readonly readToken: () => Promise<string>;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Of one request with its answer. @default 5000 */
  readonly timeoutMs?: number;
}

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
const MAX_ANSWER_BYTES = 128 * 1024;
const CONFLICT = 409;

export function createSignerClient(options: SignerClientOptions): SignerClient {
  return {
    async list(signal) {
      const { status, text } = await send(options, {}, signal);
      if (status === 200) return parseSignerAnswer(text);
      throw refused(status, text);
    },
    async offer(key, signal) {
      const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(key) };
      const { status, text } = await send(options, body, signal);
      if (status === 200) return parseSignerAnswer(text);
      if (status === CONFLICT && codeOf(text) === 'key_unwanted') return undefined;
      throw refused(status, text);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Body {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function send(options: SignerClientOptions, init: Body, signal: AbortSignal): Promise<Answer> {
  const { authUrl, readToken, fetch, clock, timeoutMs = 5_000 } = options;
  const timeout = new AbortController();
  const cancel = clock.after(timeoutMs, () => timeout.abort());
  try {
    const authorization = `Bearer ${(await readToken()).trim()}`;
    const response = await fetch(authUrl.replace(/\/$/, '') + PATH, {
      ...init,
      headers: { accept: 'application/json', ...init.headers, authorization },
      // The token is for that address and no other.
      redirect: 'error',
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    return { status: response.status, text: await boundedText(response) };
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError('auth_unreachable', 'the auth service does not answer', { cause });
  } finally {
    cancel();
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new GuardError('answer_invalid', 'the answer of the auth service is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused(status: number, text: string): GuardError {
  return new GuardError('auth_refused', `the auth service answered ${status} ${codeOf(text) ?? 'without a code'}`);
}

/** The stable code of a problem (RFC 9457), if it looks like one. */
function codeOf(text: string): string | undefined {
  return /"code" *: *"([a-z_]{1,40})"/.exec(text)?.[1];
}
