import { once } from 'node:events';
import { connect, type IncomingHttpHeaders } from 'node:http2';

export interface GrpcAnswer {
  /** Of HTTP: 200 also for a refusal. */
  readonly status: number;
  /** Of gRPC: 0 is OK, 16 UNAUTHENTICATED, 7 PERMISSION_DENIED, 14 UNAVAILABLE. */
  readonly code: number;
}

const TIMEOUT_MS = 60_000;
/** Not compressed, of no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/**
 * A unary call, over HTTP/2 without TLS.
 * @param url base URL
 * @throws Error when there is no answer within a minute
 */
export async function callGrpc(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<GrpcAnswer> {
  const session = connect(url);
  const failed = once(session, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  try {
    const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers };
    const stream = session.request(head);
    stream.setTimeout(TIMEOUT_MS, () => stream.destroy(new Error(`${path}: no answer within a minute`)));
    let trailers: IncomingHttpHeaders = {};
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.end(EMPTY_MESSAGE);
    const answer = once(stream, 'response');
    const [received] = (await Promise.race([answer, failed])) as [IncomingHttpHeaders & { ':status': number }];
    stream.resume();
    await Promise.race([once(stream, 'close'), failed]);
    // A refusal has no message, and so its trailers where headers are.
    return { status: received[':status'], code: Number(trailers['grpc-status'] ?? received['grpc-status']) };
  } finally {
    session.destroy();
  }
}
