import {
  createLogger,
  failStart,
  ListenSchema,
  LogLevelSchema,
  onSignals,
  openTracing,
  parseListen,
  readConfig,
} from '@sekisho/telemetry';
import { traceRequests } from '@sekisho/telemetry/fastify';
import { Type } from 'typebox';
import { buildApp } from './app.ts';
import { readPages } from './pages.ts';

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  ISSUER: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    maxLength: 512,
    description: 'AUTH_ISSUER of the auth service, as browsers reach it: the host of this page',
  }),
  CLIENT_ID: Type.String({ default: 'shop-web', minLength: 1, description: 'OAuth client that this page is' }),
  LOG_LEVEL: LogLevelSchema,
});

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'web', level: config.LOG_LEVEL });
  const tracing = await openTracing('web', process.env, { log });
  const pages = await readPages({ issuer: config.ISSUER, clientId: config.CLIENT_ID });
  const app = await buildApp({ pages, log });
  traceRequests(app, tracing);
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'traces', close: () => tracing.stop() },
    ],
  });
}

main().catch((error: unknown) => failStart('web', error, process));
