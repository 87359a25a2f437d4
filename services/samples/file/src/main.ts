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
import { openFiles } from './files.ts';

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  DATA_FOLDER: Type.String({ minLength: 1, description: 'folder of the files, made when it does not exist' }),
  LOG_LEVEL: LogLevelSchema,
});

const MAX_BYTES = 16 * 1024 * 1024;

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'file', level: config.LOG_LEVEL });
  const tracing = await openTracing('file', process.env, { log });
  const files = await openFiles(config.DATA_FOLDER, MAX_BYTES);
  const app = await buildApp({ files, log, clock: () => new Date(), newId: randomUUID });
  traceRequests(app, tracing);
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'files', close: async () => files[Symbol.dispose]() },
    ],
  });
}

main().catch((error: unknown) => failStart('file', error, process));
