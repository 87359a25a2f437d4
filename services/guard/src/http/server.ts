import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterRunning, type ListenAddress, listen } from '@sekisho/telemetry';
import { type Answer, denied } from '../answer.ts';
import { andThen, orElse, type Soon } from '../soon.ts';
import { problemBody, reply } from './reply.ts';
import { type PlacedRequest, placedRequest } from './request.ts';
import { together } from './together.ts';

export interface CheckServerOptions {
  /** Decides; what it throws or rejects with is a defect. */
  readonly decide: (question: PlacedRequest) => Soon<Answer>;
  /** Told of each answer, with the seconds that it took. */
  readonly onAnswer: (question: PlacedRequest | undefined, answer: Answer, seconds: number) => void;
  readonly onDefect: (error: unknown) => void;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Time that this process runs for questions in flight when the server closes. @default 3000 */
  readonly drainMs?: number;
}

export interface CheckServer {
  /** @returns where it listens */
  listen(address: ListenAddress): Promise<ListenAddress>;
  close(): Promise<void>;
}

/** Of the target that Envoy asks about; the path of a policy has at most 256 characters. */
const MAX_URL = 8_192;
/** All headers of a question: Envoy itself takes 60 KiB of a request, and sends its cookies along. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Envoy asks within 250 ms, on connections that it keeps. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 0 } as const;

const MALFORMED = denied('request_malformed', 'the request is not well formed');
const TOO_LONG = denied('request_too_large', 'the path and query are longer than this edge takes', { status: 414 });
const TOO_LARGE = denied('request_too_large', 'the headers are larger than this edge takes');
const DEFECT = denied('unavailable', 'the request could not be decided');

/** Envoy's HTTP ext_authz, on plain node:http: one answer for each question, no body read. */
export function createCheckServer(options: CheckServerOptions): CheckServer {
  let closing = false;
  const common = { ...options, isClosing: () => closing };
  const serving: Serving = { ...common, write: together((decided) => write(common, decided)) };
  const server = createServer(
    // Several Authorization headers become one that is no token: which of them Envoy would take, nobody has to guess.
    { ...TIMEOUTS, maxHeaderSize: MAX_HEADER_BYTES, joinDuplicateHeaders: true },
    (request, response) => answer(serving, request, response),
  );
  server.on('clientError', refuseUnreadable);
  return {
    listen: (address) => listen(server, address),
    close() {
      closing = true;
      return closed(server, options.drainMs ?? 3_000);
    },
  };
}

interface Serving extends CheckServerOptions {
  readonly isClosing: () => boolean;
  readonly write: (decided: Decided) => void;
}

function answer(options: Serving, request: IncomingMessage, response: ServerResponse): void {
  const began = options.monotonic();
  const question = (request.url ?? '').length > MAX_URL ? undefined : placedRequest(request);
  const decided = question === undefined ? refusalOf(request) : decision(options, question);
  void andThen(decided, (given) => options.write({ question, given, response, began }));
}

interface Decided {
  readonly question: PlacedRequest | undefined;
  readonly given: Answer;
  readonly response: ServerResponse;
  /** By the monotonic clock. */
  readonly began: number;
}

function write(options: Omit<Serving, 'write'>, { question, given, response, began }: Decided): void {
  // A proxy sends the next question elsewhere (RFC 9112 section 9.6), however long this one has been here.
  if (options.isClosing()) response.shouldKeepAlive = false;
  reply(response, question?.place ?? 'edge', given);
  options.onAnswer(question, given, (options.monotonic() - began) / 1000);
}

function refusalOf({ url = '' }: IncomingMessage): Answer {
  return url.length > MAX_URL ? TOO_LONG : MALFORMED;
}

function decision({ decide, onDefect }: CheckServerOptions, question: PlacedRequest): Soon<Answer> {
  return orElse(
    () => decide(question),
    (error) => {
      onDefect(error);
      return DEFECT;
    },
  );
}

/** What Node could not read as HTTP: no handler saw it, so it is answered on the bare connection. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const denial = error.code === 'HPE_HEADER_OVERFLOW' ? TOO_LARGE : MALFORMED;
  const body = JSON.stringify(problemBody(denial));
  socket.end(
    `HTTP/1.1 ${denial.status} ${problemBody(denial).title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Loses no question and does not wait for ever. */
function closed(server: Server, drainMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const giveUp = afterRunning(drainMs, () => server.closeAllConnections());
    server.close(() => {
      giveUp();
      resolve();
    });
    server.closeIdleConnections();
  });
}
