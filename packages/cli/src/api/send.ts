import { CliError } from '../errors.ts';
import { refusal } from './problem.ts';

export interface Call {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Sent as `If-Match`. */
  readonly version?: number;
}

export interface Answer {
  readonly status: number;
  /** Undefined when there is none. */
  readonly body: unknown;
}

/** @throws CliError `refused` for every answer that is no success, `server_unreachable`, `answer_invalid` */
export type Send = (call: Call) => Promise<Answer>;

export interface SendOptions {
  /** Origin, perhaps with a path before the API's. */
  readonly server: URL;
  readonly token?: string;
  readonly fetch: typeof globalThis.fetch;
}

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export function createSend({ server, token, fetch }: SendOptions): Send {
  return async ({ method, path, query = {}, body, version }) => {
    const url = new URL(`${server.pathname.replace(/\/+$/, '')}${path}`, server);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const request = {
      method,
      // A token goes where it was meant to go, and nowhere else.
      redirect: 'error' as const,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/json, application/problem+json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(version !== undefined && { 'if-match': `"${version}"` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const { response, text } = await exchange(() => fetch(url, request), url);
    if (!response.ok) throw refusal(response.status, parsed(text), response.headers.get('retry-after'));
    return { status: response.status, body: text === '' ? undefined : required(text) };
  };
}

async function exchange(request: () => Promise<Response>, { origin }: URL) {
  try {
    const response = await request();
    return { response, text: await boundedText(response) };
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const why = cause instanceof Error && cause.name === 'TimeoutError' ? 'does not answer' : 'cannot be reached';
    throw new CliError('server_unreachable', `the server ${origin} ${why}`, {
      cause,
      wayOut: 'Check --server. From outside the cluster: `kubectl -n sekisho-system port-forward service/auth 8081`.',
    });
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new CliError('answer_invalid', 'the server answered more than 4 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy in between answers HTML
  }
}

function required(text: string): unknown {
  const body = parsed(text);
  if (body !== undefined) return body;
  throw new CliError('answer_invalid', 'the server did not answer JSON', {
    wayOut: 'Check that --server is the address of the administration.',
  });
}
