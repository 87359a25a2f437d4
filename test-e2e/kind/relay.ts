/**
 * Runs in a pod, from a ConfigMap, with nothing but Node: carries TCP connections between the pod's network and whoever reaches its loopback
 * interface, which is only who may forward ports of this pod. One HTTP/2 connection carries them all.
 *   CONNECT host:port     (RFC 9113 section 8.5) to wherever the pod may connect
 *   GET /accept/PORT      listens on a port of the pod, and writes a line with a number for each connection that comes
 *   POST /accepted/NUMBER is that connection: the body of the request goes out on it, that of the answer comes from it
 */
import { constants, createServer, type ServerHttp2Stream } from 'node:http2';
import { connect, type Server, type Socket, createServer as tcpServer } from 'node:net';

const PORT = Number(process.argv[2] ?? 15_999);
/** For the other end to take what came. */
const PATIENCE_MS = 60_000;

const waiting = new Map<number, Socket>();
const listeners = new Map<number, Server>();
let count = 0;

/** Each direction ends by itself. The trailers of the answer say whether the connection was reset, which RST_STREAM would do only sometimes. */
function join(stream: ServerHttp2Stream, socket: Socket): void {
  let end = 'closed';
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ end }));
  stream.pipe(socket).pipe(stream);
  socket.on('error', () => {
    end = 'reset';
    stream.end();
  });
  stream.once('close', () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) socket.resetAndDestroy();
    else if (!socket.writableEnded) socket.destroy();
  });
}

function connectTo(stream: ServerHttp2Stream, authority: string): void {
  const { hostname: host, port } = new URL(`tcp://${authority}`);
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  const refuse = (error: NodeJS.ErrnoException): void => {
    if (stream.destroyed) return;
    stream.respond({ ':status': 502 });
    stream.end(error.code ?? error.message);
  };
  socket.once('error', refuse);
  socket.once('connect', () => {
    socket.off('error', refuse);
    if (stream.destroyed) return void socket.destroy();
    join(stream, socket);
  });
}

function accept(stream: ServerHttp2Stream, port: number): void {
  listeners.get(port)?.close();
  const server = tcpServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    count += 1;
    const number = count;
    waiting.set(number, socket);
    socket.on('error', () => socket.destroy());
    setTimeout(() => waiting.get(number)?.destroy(), PATIENCE_MS).unref();
    socket.once('close', () => waiting.delete(number));
    stream.write(`${number}\n`);
  });
  server.once('error', () => stream.close());
  server.listen(port, '0.0.0.0', () => stream.respond({ ':status': 200 }));
  listeners.set(port, server);
  stream.once('close', () => server.close());
}

function handOver(stream: ServerHttp2Stream, number: number): void {
  const socket = waiting.get(number);
  waiting.delete(number);
  if (socket === undefined) {
    stream.respond({ ':status': 404 }, { endStream: true });
    return;
  }
  join(stream, socket);
}

const relay = createServer({ settings: { initialWindowSize: 1 << 20 }, maxSessionMemory: 256 });
relay.on('session', (session) => session.on('error', () => session.destroy()));
relay.on('stream', (stream, headers) => {
  stream.on('error', () => stream.close());
  if (headers[':method'] === 'CONNECT') return connectTo(stream, String(headers[':authority']));
  const [, verb, number] = String(headers[':path']).split('/');
  if (verb === 'accept') return accept(stream, Number(number));
  if (verb === 'accepted') return handOver(stream, Number(number));
  stream.respond({ ':status': 404 }, { endStream: true });
});
relay.listen(PORT, '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
