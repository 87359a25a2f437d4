import { boundedText } from '../bounded-body.ts';
import { ServiceCallError } from '../errors.ts';
import type { Fetch } from '../fetch-function.ts';
import type { TraceHeaders } from '../trace.ts';
import { isObject } from '../verified-payload.ts';
import { retrying, type Wait } from './retry.ts';
import { readWorkloadToken, type WorkloadToken } from './workload-token.ts';

/** Whose token for which service. */
export interface TokenQuery {
  readonly service: string;
  /** Permissions to narrow it to. @default all that may be had */
  readonly permissions?: readonly string[];
  /** The verified token of the user to act for; without it the workload acts for itself. */
  readonly subject?: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly lifetimeSeconds: number;
}

/**
 * Rejects with ServiceCallError `exchange_refused`, `exchange_failed`.
 * @param trace of the request that needs the token
 */
export type Exchange = (query: TokenQuery, trace?: TraceHeaders) => Promise<IssuedToken>;

export interface ExchangeParts {
  readonly authUrl: URL;
  readonly tokenFile: string;
  readonly fetch: Fetch;
  readonly clock: () => Date;
  readonly monotonic: () => number;
  readonly wait: Wait;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;
const MAX_TOKEN_LENGTH = 16_384;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** Token exchange (RFC 8693) at the auth service, with the workload's own token as the only credential. */
export function createExchange(parts: ExchangeParts): Exchange {
  const url = new URL('/oauth/token', parts.authUrl).href;
  return async (query, trace = {}) => {
    const workload = await readWorkloadToken(parts.tokenFile);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await post(parts, { url, body: parameters(query, workload), trace, signal });
      const answer = parse(await boundedText(response, MAX_ANSWER_BYTES));
      if (response.status !== 200) throw refusal(response.status, answer, query);
      return toIssued(answer);
    } catch (cause) {
      if (cause instanceof ServiceCallError && cause.code.startsWith('exchange')) throw cause;
      throw new ServiceCallError('exchange_failed', 'The auth service did not give a token.', { cause });
    }
  };
}

interface Post {
  readonly url: string;
  readonly body: string;
  readonly trace: TraceHeaders;
  readonly signal: AbortSignal;
}

/** A token that is issued and not received is good for nothing and nobody, so that asking again is safe. */
function post({ fetch, monotonic, wait, clock }: ExchangeParts, { url, body, trace, signal }: Post): Promise<Response> {
  const deadline = monotonic() + TIMEOUT_MS;
  const headers = { ...trace, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  return retrying(() => fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }), {
    repeatable: true,
    signal,
    remaining: () => deadline - monotonic(),
    wait,
    clock,
  });
}

function parameters({ service, permissions, subject }: TokenQuery, { token, name }: WorkloadToken): string {
  const proof =
    subject === undefined
      ? { subject_token: token, subject_token_type: JWT }
      : { subject_token: subject, subject_token_type: ACCESS_TOKEN, actor_token: token, actor_token_type: JWT };
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: name,
    audience: service,
    ...(permissions !== undefined && { scope: permissions.join(' ') }),
    ...proof,
  }).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    return undefined;
  }
}

/** RFC 8693 section 2.2.1. */
function toIssued(answer: unknown): IssuedToken {
  const { access_token: token, token_type: type, expires_in: lifetimeSeconds } = isObject(answer) ? answer : {};
  const usable = typeof token === 'string' && token.length <= MAX_TOKEN_LENGTH && TOKEN.test(token);
  const bearer = typeof type === 'string' && type.toLowerCase() === 'bearer';
  if (usable && bearer && typeof lifetimeSeconds === 'number' && lifetimeSeconds > 0) return { token, lifetimeSeconds };
  throw new ServiceCallError('exchange_failed', 'The auth service answered something that is no bearer token.');
}

/** RFC 8693 section 2.2.2: the target or what is asked of it may not be had; everything else is a fault in how it was asked. */
const REFUSALS: readonly unknown[] = ['invalid_target', 'invalid_scope'];

function refusal(status: number, answer: unknown, { service, subject }: TokenQuery): ServiceCallError {
  const error = isObject(answer) ? answer['error'] : undefined;
  const reason = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `status ${status}`;
  const whose = subject === undefined ? 'this workload' : 'this user';
  const code = REFUSALS.includes(error) ? 'exchange_refused' : 'exchange_failed';
  return new ServiceCallError(code, `The auth service gives no token for ${service} to ${whose} (${reason}).`);
}
