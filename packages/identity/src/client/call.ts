import { bounded } from '../bounded-body.ts';
import { ServiceCallError } from '../errors.ts';
import type { Fetch, FetchInit } from '../fetch-function.ts';
import type { TraceHeaders } from '../trace.ts';
import { retrying, type Wait } from './retry.ts';

export interface CallInit {
  /** @default 'GET' */
  readonly method?: string;
  /** Beside `authorization`, the request id and the trace, which are set over them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent once: such a call is never repeated. */
  readonly body?: NonNullable<FetchInit['body']>;
  readonly signal?: AbortSignal;
}

export interface CallParts {
  /** Name of the service that is called. */
  readonly service: string;
  /** Its origin. */
  readonly url: URL;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly clock: () => Date;
  readonly monotonic: () => number;
  readonly wait: Wait;
}

export interface Credentials {
  readonly trace: TraceHeaders;
  readonly token: (signal: AbortSignal) => Promise<string>;
  /** Told when the service did not take the token. */
  readonly refused: (token: string) => void;
}

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** One call: its token, its tries and its answer, all within one deadline. */
export async function call(parts: CallParts, target: { path: string; init: CallInit }, credentials: Credentials) {
  const { path, init } = target;
  const href = hrefOf(parts, path);
  const timeout = AbortSignal.timeout(parts.timeoutMs);
  const signal = init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]);
  const failed = failure(parts.service, { timeout, given: init.signal });
  try {
    const token = await credentials.token(signal);
    const response = await send(
      parts,
      { ...init, href, signal },
      { ...credentials.trace, authorization: `Bearer ${token}` },
    );
    if (response.status === 401) credentials.refused(token);
    return withBoundedBody(response, parts.maxAnswerBytes, failed);
  } catch (error) {
    throw failed(error);
  }
}

/** A path that URL rules would change could lead elsewhere than its author thinks, even to another host with the token. */
function hrefOf({ service, url }: CallParts, path: string): string {
  const href = `${url.origin}${path}`;
  if (path.startsWith('/') && URL.parse(href)?.href === href) return href;
  const wayOut = 'begin it with a slash, encode each segment by encodeURIComponent, and leave out dot segments';
  throw new ServiceCallError('call_invalid', `The path of a call to ${service} must be in its final form: ${wayOut}.`);
}

interface Outgoing extends CallInit {
  readonly href: string;
  readonly signal: AbortSignal;
}

function send(parts: CallParts, outgoing: Outgoing, own: Record<string, string>): Promise<Response> {
  const { fetch, monotonic, wait, clock } = parts;
  const { href, method = 'GET', headers = {}, body, signal } = outgoing;
  const deadline = monotonic() + parts.timeoutMs;
  const stream = body instanceof ReadableStream;
  const init: FetchInit = {
    method,
    headers: { ...sendable(parts.service, headers), ...own },
    // Another host must not get the token.
    redirect: 'manual',
    signal,
    ...(body !== undefined && { body }),
    ...(stream && { duplex: 'half' }),
  };
  return retrying(() => fetch(href, init), {
    repeatable: !stream && IDEMPOTENT.has(method),
    signal,
    remaining: () => deadline - monotonic(),
    wait,
    clock,
  });
}

/** In lower case, else `Authorization` and `authorization` would go out both. */
function sendable(service: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(new Headers(headers));
  } catch {
    // Without the cause: its message quotes the value.
    throw new ServiceCallError(
      'call_invalid',
      `A header of a call to ${service} has a name or value that HTTP forbids.`,
    );
  }
}

type Fail = (error: unknown) => unknown;

/** What a failed call is told as: the caller's own abort as it is, as `fetch` does. */
function failure(service: string, { timeout, given }: { timeout: AbortSignal; given: AbortSignal | undefined }): Fail {
  return (error) => {
    if (error instanceof ServiceCallError) return error;
    if (given?.aborted === true) return given.reason;
    if (timeout.aborted)
      return new ServiceCallError('call_timed_out', `${service} did not answer in time.`, { cause: error });
    return new ServiceCallError('call_failed', `${service} could not be reached.`, { cause: error });
  };
}

function withBoundedBody(response: Response, maxBytes: number, failed: Fail): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  return new Response(ReadableStream.from(told(bounded(body, maxBytes), failed)), { status, statusText, headers });
}

async function* told<Chunk>(chunks: AsyncIterable<Chunk>, failed: Fail): AsyncGenerator<Chunk> {
  try {
    yield* chunks;
  } catch (error) {
    throw failed(error);
  }
}
