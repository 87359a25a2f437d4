import type { Clock } from '@sekisho/kube';
import { GuardError } from '../errors.ts';

export interface AuthClientOptions {
  /** Base URL of the auth service, as workloads reach it. */
  readonly authUrl: string;
  /** The projected ServiceAccount token with the audience `sekisho`, read for each request because the kubelet renews it. */
  readonly readToken: () => Promise<string>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  /** Of one request with its answer. @default 5000 */
  readonly timeoutMs?: number;
}

export interface AuthRequest {
  readonly path: string;
  /** Sent as JSON. @default none: the method is GET */
  readonly body?: object;
  readonly signal?: AbortSignal;
}

export interface AuthAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks the auth service as the workload that this process is. Rejects with GuardError `auth_unreachable` or `answer_invalid`. */
export type AuthClient = (request: AuthRequest) => Promise<AuthAnswer>;

const MAX_ANSWER_BYTES = 128 * 1024;

export function createAuthClient(options: AuthClientOptions): AuthClient {
  const { clock, timeoutMs = 5_000 } = options;
  return async (request) => {
    const timeout = new AbortController();
    const cancel = clock.after(timeoutMs, () => timeout.abort());
    const signals = request.signal === undefined ? [] : [request.signal];
    try {
      return await send(options, request, AbortSignal.any([...signals, timeout.signal]));
    } catch (cause) {
      if (cause instanceof GuardError) throw cause;
      throw new GuardError('auth_unreachable', 'the auth service does not answer', { cause });
    } finally {
      cancel();
    }
  };
}

async function send(
  { authUrl, readToken, fetch }: AuthClientOptions,
  { path, body }: AuthRequest,
  signal: AbortSignal,
): Promise<AuthAnswer> {
  const authorization = `Bearer ${(await readToken()).trim()}`;
  const response = await fetch(authUrl.replace(/\/$/, '') + path, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      authorization,
    },
    // The token is for that address and no other.
    redirect: 'error',
    signal,
  });
  return { status: response.status, text: await boundedText(response) };
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

export function refusedBy({ status, text }: AuthAnswer): GuardError {
  return new GuardError('auth_refused', `the auth service answered ${status} ${codeOf(text) ?? 'without a code'}`);
}

/** The stable code of a problem (RFC 9457), if it looks like one. */
export function codeOf(text: string): string | undefined {
  return /"code" *: *"([a-z_]{1,40})"/.exec(text)?.[1];
}

/** @throws GuardError `answer_invalid` */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The message of a SyntaxError quotes the text.
    throw invalidAnswer(`is no JSON (${cause instanceof Error ? cause.name : 'unreadable'})`);
  }
}

export function invalidAnswer(what: string): GuardError {
  return new GuardError('answer_invalid', `the answer of the auth service ${what}`);
}
