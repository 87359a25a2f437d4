import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SEEN } from './app.ts';
import type { Identity } from './identities.ts';

/** One request, byte by byte: nothing is normalised, added or merged on the way out. Text is latin1, one character for each byte. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface WireTarget {
  readonly host: string;
  readonly port: number;
  /** Over mutual TLS as this workload; absent: in plain text. */
  readonly identity?: Identity | undefined;
}

export type WireAnswer =
  | { readonly status: number; readonly body: string /** What the app was asked for. */; readonly seen?: string }
  /** The connection was ended without an answer. */
  | 'cut';

const TIMEOUT_MS = 60_000;
/** Istio's clients offer the first two; the third is what they fall back to (pilot/pkg/networking/util, ALPNInMesh). */
const PROTOCOLS = ['istio-http/1.1', 'istio', 'http/1.1'];

/**
 * Sends one request on a connection of its own: an open one serves one more request under the policies before a change.
 * @throws Error when nobody listens, when TLS is refused for another reason than the client's certificate, or after a minute
 */
export async function send(request: WireRequest, target: WireTarget): Promise<WireAnswer> {
  const socket = open(target);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = '';
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    // After a refusal Envoy keeps the connection for a second, for a client that is still sending.
    if (isWhole(request.method, received)) socket.destroy();
  });
  socket.once('close', () => resolve(received));
  socket.on('error', (error: NodeJS.ErrnoException) => (isCut(error) ? resolve(received) : reject(error)));
  socket.write(bytesOf(request, target), 'latin1');
  return parse(await promise);
}

function open({ host, port, identity }: WireTarget): Socket {
  if (identity === undefined) return connectPlain({ host, port });
  // The server's name is its SPIFFE ID, and the authority signs nobody else.
  return connectTls({
    host,
    port,
    secureContext: identity,
    ALPNProtocols: PROTOCOLS,
    checkServerIdentity: () => undefined,
  });
}

function bytesOf({ method, target, headers }: WireRequest, { host, port }: WireTarget): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n${lines.join('')}\r\n`;
}

/** Envoy takes the connection and ends it, or refuses the certificate. */
function isCut({ code = '' }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('ERR_SSL_');
}

function isWhole(method: string, received: string): boolean {
  const [head, body] = received.split('\r\n\r\n', 2);
  if (head === undefined || body === undefined) return false;
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  return method === 'HEAD' || (length !== undefined && body.length >= Number(length));
}

function parse(received: string): WireAnswer {
  if (received === '') return 'cut';
  const [head = '', body = ''] = received.split('\r\n\r\n', 2);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
  if (status === undefined) throw new Error(`not an HTTP answer: ${JSON.stringify(received.slice(0, 100))}`);
  const seen = new RegExp(`^${SEEN}: (.*)$`, 'mi').exec(head)?.[1]?.trim();
  return {
    status: Number(status),
    body,
    ...(seen !== undefined && { seen: Buffer.from(seen, 'base64url').toString('latin1') }),
  };
}
