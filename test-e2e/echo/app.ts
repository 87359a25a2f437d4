import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server as NetServer, Socket } from 'node:net';
import { Readable } from 'node:stream';

/** A request as it came to the app, past every Envoy. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** As they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bytes: number;
  readonly sha256: string;
}

export interface EchoApp extends AsyncDisposable {
  /** Ports on loopback: of HTTP/1.1, and of HTTP/2 as gRPC speaks it. */
  readonly port: number;
  readonly grpcPort: number;
  /** The latest requests, the last one last. */
  readonly seen: readonly Seen[];
  /** How many there were. */
  readonly count: number;
  /** Those after the first `count`, as far as they are remembered. */
  since(count: number): readonly Seen[];
}

const REMEMBERED = 200;
/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Answers 200 to everything, sends back what comes on a WebSocket, and remembers what it saw. */
export async function startEchoApp(): Promise<EchoApp> {
  const seen: Seen[] = [];
  let count = 0;
  const note = async (head: Pick<Seen, 'method' | 'target' | 'headers'>, body: Readable): Promise<Seen> => {
    const one = { ...head, ...(await measured(body)) };
    count += 1;
    seen.push(one);
    if (seen.length > REMEMBERED) seen.shift();
    return one;
  };
  const http1 = http1Server(note);
  const http2 = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  http2.on('stream', (stream, headers, _, raw) => {
    const head = { method: String(headers[':method']), target: String(headers[':path']), headers: pairs(raw) };
    stream.on('error', () => stream.destroy());
    note(head, stream)
      .then(() => answerGrpc(stream))
      .catch(() => stream.destroy());
  });
  const [port, grpcPort] = [await listening(http1), await listening(http2)];
  const close = async (): Promise<void> => {
    const ended = once(http1, 'close');
    http1.close();
    http1.closeAllConnections();
    http2.close();
    for (const session of sessions) session.destroy();
    await ended;
  };
  return {
    ...{ port, grpcPort, seen },
    get count() {
      return count;
    },
    since: (before) => (count === before ? [] : seen.slice(before - count)),
    [Symbol.asyncDispose]: close,
  };
}

type Note = (head: Pick<Seen, 'method' | 'target' | 'headers'>, body: Readable) => Promise<Seen>;

function http1Server(note: Note): Server {
  const headOf = ({ method = '', url = '', rawHeaders }: IncomingMessage) => ({
    ...{ method, target: url },
    headers: pairs(rawHeaders),
  });
  const server = createServer({ insecureHTTPParser: true, requestTimeout: 0 }, (request, response) => {
    note(headOf(request), request).then(
      ({ bytes, sha256 }) => response.end(JSON.stringify({ bytes, sha256 })),
      () => response.destroy(),
    );
  });
  server.on('upgrade', (request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    void note(headOf(request), Readable.from([]));
    socket.write(switchingProtocols(request.headers['sec-websocket-key'] ?? ''));
    socket.pipe(socket);
  });
  return server;
}

function switchingProtocols(key: string): string {
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return [...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n');
}

/** One empty message and the status OK, as a unary call of gRPC ends. */
function answerGrpc(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.alloc(5));
}

async function measured(body: Readable): Promise<Pick<Seen, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Node lists names and values in turns. */
function pairs(raw: readonly string[]): Seen['headers'] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
