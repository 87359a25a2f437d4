import { Agent, request } from 'undici';
import { decided } from './decided.ts';

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as they are. */
  readonly bytes?: Uint8Array;
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/**
 * One request on a connection of its own: a proxy serves one more request under its old policies on each connection that is already open
 * when they change, and that must not decide a step.
 */
export async function call(url: string, options: Call = {}): Promise<Answer> {
  const agent = new Agent({ connections: 1, pipelining: 0, headersTimeout: 30_000, bodyTimeout: 30_000 });
  try {
    const response = await request(url, {
      dispatcher: agent,
      method: options.method ?? 'GET',
      headers: {
        ...contentType(options),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...options.headers,
      },
      body: options.bytes ?? (options.body === undefined ? null : JSON.stringify(options.body)),
    });
    const bytes = await response.body.bytes();
    return { status: response.statusCode, headers: response.headers, text: new TextDecoder().decode(bytes), bytes };
  } finally {
    await agent.close();
  }
}

function contentType({ body, bytes }: Call): Record<string, string> {
  if (bytes !== undefined) return { 'content-type': 'application/octet-stream' };
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

/** For an edge that works; where 503 is what a step is about, `call`. */
export function callEdge(url: string, options: Call = {}): Promise<Answer> {
  return decided(
    () => call(url, options),
    ({ status }) => status === 503,
  );
}

/** The body of an answer as JSON. @throws Error naming the status when it is none */
export function json(answer: Answer): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(answer.text);
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // falls through to the error below, which says more
  }
  throw new Error(`${answer.status} without a JSON object: ${answer.text.slice(0, 200)}`);
}

/** `200`, or `403 RBAC: access denied`: the status, and for a refusal its reason (a problem's code, else the text Envoy wrote). */
export function outcome(answer: Answer): string {
  if (answer.status < 400) return String(answer.status);
  if (String(answer.headers['content-type']).startsWith('application/problem+json'))
    return `${answer.status} ${json(answer)['code']}`;
  return `${answer.status} ${answer.text.trim()}`;
}
