import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './config.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type Checks, createReadiness } from './readiness.ts';

export interface OpsServerOptions {
  readonly listen: ListenAddress;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What must work for the process to be ready, by name. */
  readonly checks?: Checks;
  /** Time for all checks of one request. @default 1000 */
  readonly checkTimeoutMs?: number;
}

export interface OpsServer {
  /** Where it listens; the port that the system gave when 0 was asked for. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
type Handler = () => Promise<Answer> | Answer;

const REQUEST_TIMEOUT_MS = 5_000;

/** /healthz, /readyz and /metrics on a listener of their own, away from what clients reach. */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const routes = createRoutes(options);
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (req, res) => {
      respond(routes, req, res).catch((error: unknown) => {
        options.log.error({ err: error }, 'ops request failed');
        send(res, json(500, { status: 'error' }), false);
      });
    },
  );
  await listen(server, options.listen);
  return { address: { host: options.listen.host, port: boundPort(server) }, close: () => close(server) };
}

function createRoutes({ metrics, log, checks = {}, checkTimeoutMs }: OpsServerOptions): Map<string, Handler> {
  const readiness = createReadiness({ checks, timeoutMs: checkTimeoutMs, log });
  return new Map<string, Handler>([
    ['/healthz', () => json(200, { status: 'ok' })],
    [
      '/readyz',
      async () => {
        const state = await readiness();
        return json(state.status === 'ready' ? 200 : 503, state);
      },
    ],
    ['/metrics', async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.render() })],
  ]);
}

async function respond(routes: Map<string, Handler>, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const handler = routes.get((req.url ?? '').split('?', 1)[0] ?? '');
  if (handler === undefined) return send(res, json(404, { status: 'not found' }), false);
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD');
    return send(res, json(405, { status: 'method not allowed' }), false);
  }
  send(res, await handler(), req.method === 'HEAD');
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function send(res: ServerResponse, answer: Answer, headOnly: boolean): void {
  if (res.headersSent) return void res.destroy();
  res.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
  });
  res.end(headOnly ? undefined : answer.body);
}

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function boundPort(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    // A scraper holds its connection open; nothing here is worth waiting for.
    server.closeAllConnections();
  });
}
