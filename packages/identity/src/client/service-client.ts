import { type Caller, tokenCaller } from '../caller.ts';
import { ServiceCallError } from '../errors.ts';
import type { Fetch } from '../fetch-function.ts';
import { type Provenance, provenanceOf } from '../provenance.ts';
import { type CallInit, type CallParts, type Credentials, call } from './call.ts';
import type { TokenQuery } from './exchange.ts';
import type { Wait } from './retry.ts';
import type { TokenSource } from './token-cache.ts';
import { waitByTimer } from './workload-tokens.ts';

export interface ServiceClientOptions {
  /** The service's origin as the mesh knows it, for example `http://user.shop`. */
  readonly url: URL;
  /** `workloadTokens(...)`, the same for all clients of a process. */
  readonly tokens: TokenSource;
  /** What the calls need of what may be had at the service, at least one. @default all of it */
  readonly permissions?: readonly string[];
  /** For a whole call, from its token to the end of its answer. @default 5000 */
  readonly timeoutMs?: number;
  /** @default 1 MiB */
  readonly maxAnswerBytes?: number;
  /** @default the global fetch */
  readonly fetch?: Fetch;
  /** @default the system's clock */
  readonly clock?: () => Date;
  /** Milliseconds. @default the process' monotonic clock */
  readonly monotonic?: () => number;
  /** @default by a timer */
  readonly wait?: Wait;
}

/** Calls another service of the mesh, each time with a token for that service alone. */
export interface ServiceClient {
  /**
   * In the name of the user who called: the service sees that user, and this workload as the one that acts (RFC 8693).
   * @param caller of the request that is being served, as this library read it and not a copy
   * @throws IdentityError `token_missing`, ServiceCallError `user_missing`
   */
  for(caller: Caller): ServiceCalls;
  /**
   * As this workload itself.
   * @param during caller of the request that the call serves: its request id and trace go along. @default none do
   */
  asWorkload(during?: Caller): ServiceCalls;
}

export interface ServiceCalls {
  /**
   * As the global `fetch`: any status is an answer, redirects too. The body ends with an error when it grows too large or
   * takes too long. Idempotent calls are tried again when the connection fails and for 503 with `Retry-After`.
   * Rejects with ServiceCallError `call_failed`, `call_timed_out`, `call_invalid`, `exchange_refused`, `exchange_failed`, and with the
   * reason of `init.signal`. No error holds a token.
   * @param path with its query, in its final form: `/api/users/${encodeURIComponent(id)}`
   */
  fetch(path: string, init?: CallInit): Promise<Response>;
}

/**
 * ```ts
 * const tokens = workloadTokens({ authUrl: new URL('http://auth.sekisho-system'), tokenFile: '/var/run/secrets/sekisho/token' });
 * const users = serviceClient('user', { url: new URL('http://user.shop'), tokens });
 * const response = await users.for(request.caller).fetch('/api/users/profile');
 * ```
 * @param service name of the service: the audience of the tokens
 */
export function serviceClient(
  service: string,
  { tokens, permissions, ...options }: ServiceClientOptions,
): ServiceClient {
  assertCallable(service, options.url, permissions);
  const parts: CallParts = {
    service,
    url: options.url,
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs: options.timeoutMs ?? 5_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 1_048_576,
    clock: options.clock ?? (() => new Date()),
    monotonic: options.monotonic ?? (() => performance.now()),
    wait: options.wait ?? waitByTimer,
  };
  const narrowing = permissions === undefined ? { service } : { service, permissions };
  const calls = (query: TokenQuery, { trace }: Pick<Provenance, 'trace'>): ServiceCalls => {
    const credentials: Credentials = {
      trace,
      token: (signal) => tokens.get(query, signal, trace),
      refused: (token) => tokens.drop(query, token),
    };
    return { fetch: (path, init = {}) => call(parts, { path, init }, credentials) };
  };
  return {
    for: (caller) => {
      const { token, trace } = ofUser(caller);
      return calls({ ...narrowing, subject: token }, { trace });
    },
    asWorkload: (during) => calls(narrowing, during === undefined ? { trace: {} } : ofRequest(during)),
  };
}

/** RFC 6749 section 3.3: a scope is words with spaces between them, and one that is empty counts as none, which stands for everything. */
const PERMISSION = /^\S+$/;

function assertCallable(service: string, url: URL, permissions: readonly string[] | undefined): void {
  if (url.href !== `${url.origin}/`) {
    throw new ServiceCallError(
      'call_invalid',
      `The URL of ${service} must be an origin, such as http://${service}.shop.`,
    );
  }
  if (permissions === undefined || (permissions.length > 0 && permissions.every((name) => PERMISSION.test(name))))
    return;
  throw new ServiceCallError(
    'call_invalid',
    `The permissions at ${service} must be at least one name without spaces: leave them out for all that may be had.`,
  );
}

function ofUser(caller: Caller): Required<Provenance> {
  const { kind } = tokenCaller(caller);
  const { token, trace } = ofRequest(caller);
  if (kind !== 'workload' && token !== undefined) return { token, trace };
  throw new ServiceCallError('user_missing', 'No user called whom the call could be made for: call as the workload.');
}

function ofRequest(caller: Caller): Provenance {
  const provenance = provenanceOf(caller);
  if (provenance !== undefined) return provenance;
  throw new ServiceCallError('call_invalid', 'Pass the caller as it was read from the request, not a copy of it.');
}
