import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '@sekisho/telemetry';
import { problemBody, requestProblem } from './problem.ts';

/** What Node's parser reports; everything else is a request that is not well formed. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Answers what Node refuses before there is a request, in the shape of every other refusal, and ends the connection:
 * where the next request begins is not known. The error itself holds the bytes that came, so it is neither told nor logged.
 */
export function createClientErrorHandler(log: Logger) {
  return ({ code = '' }: { readonly code?: string }, socket: Socket): void => {
    if (!socket.writable) return void socket.destroy(); // reset by the client
    const status = STATUS_BY_CODE[code] ?? 400;
    const body = JSON.stringify(problemBody(requestProblem(status)));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'cache-control: no-store',
      'connection: close',
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    socket.destroySoon();
    log.info({ status, code }, 'request refused');
  };
}
