import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenAddress } from './config.ts';
import { listen } from './listen.ts';
import { jsonAnswer, type OpsAnswer, type OpsRoutes, type OpsRoutesOptions, opsRoutes } from './ops-routes.ts';

export interface OpsServerOptions extends OpsRoutesOptions {
  readonly listen: ListenAddress;
}

export interface OpsServer {
  /** Where it listens; the port that the system gave when 0 was asked for. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** /healthz, /readyz and /metrics on a listener of their own, away from what clients reach. */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const routes = opsRoutes(options);
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (req, res) => {
      respond(routes, req, res).catch((error: unknown) => {
        options.log.error({ err: error }, 'ops request failed');
        send(res, jsonAnswer(500, { status: 'error' }), false);
      });
    },
  );
  return { address: await listen(server, options.listen), close: () => close(server) };
}

async function respond(routes: OpsRoutes, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const handler = routes.get((req.url ?? '').split('?', 1)[0] ?? '');
  if (handler === undefined) return send(res, jsonAnswer(404, { status: 'not found' }), false);
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD');
    return send(res, jsonAnswer(405, { status: 'method not allowed' }), false);
  }
  send(res, await handler({ accept: req.headers.accept }), req.method === 'HEAD');
}

function send(res: ServerResponse, answer: OpsAnswer, headOnly: boolean): void {
  if (res.headersSent) return void res.destroy();
  res.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
  });
  res.end(headOnly ? undefined : answer.body);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    // A scraper holds its connection open; nothing here is worth waiting for.
    server.closeAllConnections();
  });
}
