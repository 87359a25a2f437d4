import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ListenAddress } from '@sekisho/telemetry';
import { byteBudget, readBody } from './body.ts';

/** What a webhook answers; a body is JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface WebhookServerOptions {
  readonly listen: ListenAddress;
  /** The one path that is served. */
  readonly path: string;
  /** Turns the text of a body into the answer. */
  readonly answer: (text: string) => Answer;
  /** Told of what was answered with 500. */
  readonly onError: (error: unknown) => void;
  /** Of one body. @default 4 MiB: a request holds two objects of at most 1.5 MiB each, the most that etcd takes */
  readonly maxBytes?: number;
  /** Of all bodies that are being read. @default 32 MiB */
  readonly maxBytesTogether?: number;
}

export interface ServingPair {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface WebhookServer {
  readonly address: ListenAddress;
  /** For connections from now on; open ones keep what they have. Until the first one no handshake succeeds. */
  use(pair: ServingPair): void;
  /** Lets requests in progress finish. */
  close(): Promise<void>;
}

const PATIENCE_MS = 5_000;
const TIMEOUTS = {
  headersTimeout: PATIENCE_MS,
  requestTimeout: PATIENCE_MS,
  handshakeTimeout: PATIENCE_MS,
  // Above the 90 s after which the API server's client drops an idle connection, so that it never writes to a closed one.
  keepAliveTimeout: 120_000,
};
const MAX_CONNECTIONS = 512;
const MIN_VERSION = 'TLSv1.2';

/** HTTPS with bounded bodies and times. Rejects when the address cannot be bound. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { maxBytes = 4 * 1024 * 1024, maxBytesTogether = 32 * 1024 * 1024, onError } = options;
  const limits = { maxBytes, budget: byteBudget(maxBytesTogether) };
  const server = createServer({ ...TIMEOUTS, minVersion: MIN_VERSION }, (request, response) => {
    respond(request, options, limits)
      .catch((error: unknown) => {
        // A client that went away in the middle of its request is its own affair.
        if (request.errored === null) onError(error);
        return failed;
      })
      .then((answer) => send(response, answer, server.listening));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const unused = unusedConnections(server);
  server.listen(options.listen.port, options.listen.host);
  await once(server, 'listening');
  return {
    address: { host: options.listen.host, port: (server.address() as AddressInfo).port },
    use: ({ certificate, key }) => server.setSecureContext({ cert: certificate, key, minVersion: MIN_VERSION }),
    close: () => close(server, unused),
  };
}

const failed: Answer = { status: 500, body: { error: 'the review failed' } };

async function respond(
  request: IncomingMessage,
  { path, answer }: WebhookServerOptions,
  limits: Parameters<typeof readBody>[1],
): Promise<Answer> {
  if ((request.url ?? '').split('?', 1)[0] !== path) return { status: 404, body: { error: 'not found' } };
  if (request.method !== 'POST') return { status: 405, body: { error: 'only POST' } };
  if (!isJson(request.headers['content-type'])) return { status: 415, body: { error: 'only application/json' } };
  // A server that closes no longer looks after its requestTimeout.
  request.setTimeout(PATIENCE_MS, () => request.destroy());
  // Left undestroyed, because the answer goes out on the same socket.
  const body = await readBody(request.iterator({ destroyOnReturn: false }), limits);
  if ('text' in body) return answer(body.text);
  switch (body.refused) {
    case 'too_large':
      return { status: 413, body: { error: 'too large' } };
    case 'busy':
      return { status: 503, body: { error: 'too many large requests at once' } };
  }
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function send(response: ServerResponse, { status, body }: Answer, listening: boolean): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // The unread rest of a refused body must not be taken for the next request, and a closing server waits for no idle one.
    ...((status >= 400 || !listening) && { connection: 'close' }),
  });
  response.end(text);
}

/** Connections that no request came on yet: clients open them ahead, and closing takes them for busy ones. */
function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on('secureConnection', (socket: Socket) => {
    // A handshake may end after the server began to close.
    if (!server.listening) return void socket.destroy();
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage) => void unused.delete(socket));
  return unused;
}

async function close(server: Server, unused: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of unused) socket.destroy();
  await closed;
}
