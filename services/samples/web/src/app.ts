import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Page, Pages } from './pages.ts';

export interface Parts {
  readonly pages: Pages;
  readonly log: FastifyBaseLogger;
}

/**
 * Only what this host serves runs or is asked, nothing is inline, and no text becomes a script (Trusted Types). Log-in is a
 * navigation, and forms are handled by the script, so no form leads anywhere.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // Kept, and asked for again each time: a new version is a whole one.
  'cache-control': 'no-cache',
} as const;

/** The application, ready to listen or to be tested by `inject`. It knows nothing of users: the page asks the services itself. */
export async function buildApp({ pages, log }: Parts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: 1_024,
    requestTimeout: 10_000,
    requestIdHeader: 'x-request-id',
    // A path that cannot be read comes past every hook.
    frameworkErrors: (_error, _request, reply) => void noPage(reply.headers(HEADERS), 400),
  });
  app.addHook('onRequest', async (_, reply) => void reply.headers(HEADERS));
  app.get('/healthz', () => ({ status: 'ok' }));
  for (const [path, page] of pages) addPage(app, path, page);
  app.setNotFoundHandler((_, reply) => noPage(reply, 404));
  return app;
}

function noPage(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send('There is no such page.\n');
}

function addPage(app: FastifyInstance, path: string, { type, body, etag }: Page): void {
  app.get(path, async ({ headers }, reply) => {
    reply.headers({ etag, 'content-type': type });
    return headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(body);
  });
}
