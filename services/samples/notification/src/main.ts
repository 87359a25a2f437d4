import { randomUUID } from 'node:crypto';
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
import { openInboxes } from './inboxes.ts';

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  DATABASE_FILE: Type.String({ default: ':memory:', description: 'path of the SQLite database' }),
  LOG_LEVEL: LogLevelSchema,
});

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'notification', level: config.LOG_LEVEL });
  const tracing = await openTracing('notification', process.env, { log });
  const inboxes = openInboxes(config.DATABASE_FILE);
  const app = await buildApp({ inboxes, log, clock: () => new Date(), newId: randomUUID });
  traceRequests(app, tracing);
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'inboxes', close: async () => inboxes[Symbol.dispose]() },
    ],
  });
}

main().catch((error: unknown) => failStart('notification', error, process));
