/** What this package asks of `fetch`; the global one does it, and so does one that goes through a proxy. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The Fetch Standard wants it beside a stream. */
  readonly duplex?: 'half';
}
