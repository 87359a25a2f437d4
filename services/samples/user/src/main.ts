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
import { openNames } from './names.ts';

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  DATABASE_FILE: Type.String({ default: ':memory:', description: 'path of the SQLite database' }),
  LOG_LEVEL: LogLevelSchema,
});

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'user', level: config.LOG_LEVEL });
  const tracing = await openTracing('user', process.env, { log });
  const names = openNames(config.DATABASE_FILE);
  const app = await buildApp({ names, log, clock: () => new Date() });
  traceRequests(app, tracing);
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'names', close: async () => names[Symbol.dispose]() },
    ],
  });
}

main().catch((error: unknown) => failStart('user', error, process));
