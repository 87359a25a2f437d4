/** `watch` calls stay open for minutes and have connections of their own, so that they starve no request. */
export type Lane = 'request' | 'watch';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, from the root of the API server. */
  readonly path: string;
  readonly lane: Lane;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /**
   * Called right before the request is written to its connection, with nothing asynchronous in between; a throw cancels the
   * call and is its error. The place to ask whether a write is still permitted: a process may be frozen anywhere else.
   */
  readonly check?: (() => void) | undefined;
}

export interface Reply {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** Must be read to its end, or left by `break` or a throw, which closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One HTTP exchange with one API server, credentials included; no retries.
 * Throws `KubeError` (`network`, `timeout`, `aborted`, `config`); any HTTP status is a reply.
 */
export interface Transport {
  send(call: Call): Promise<Reply>;
  close(): Promise<void>;
}
