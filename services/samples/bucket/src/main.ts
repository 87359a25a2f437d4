import { randomUUID } from 'node:crypto';
import {
  createLogger,
  failStart,
  ListenSchema,
  LOG_LEVELS,
  onSignals,
  parseListen,
  readConfig,
} from '@sekisho/telemetry';
import { Type } from 'typebox';
import { buildApp } from './app.ts';
import { openItems } from './items.ts';
import { connectUserService } from './user-service.ts';

const HttpUrl = (description: string) => Type.String({ pattern: '^http://[^/?#]+/?$', description });

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  USER_SERVICE_URL: HttpUrl('URL of the user service, for example http://user.shop'),
  EGRESS_PROXY: Type.Optional(HttpUrl("URL of the sidecar's egress listener, for example http://127.0.2.2:15080")),
  DATABASE_FILE: Type.String({ default: ':memory:', description: 'path of the SQLite database' }),
  LOG_LEVEL: Type.Enum([...LOG_LEVELS], { default: 'info', description: `one of ${LOG_LEVELS.join(', ')}` }),
});

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'bucket', level: config.LOG_LEVEL });
  const items = openItems(config.DATABASE_FILE);
  const users = connectUserService({
    url: new URL(config.USER_SERVICE_URL),
    ...(config.EGRESS_PROXY !== undefined && { egressProxy: new URL(config.EGRESS_PROXY) }),
  });
  const app = await buildApp({ items, users, log, clock: () => new Date(), newId: randomUUID });
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'user service', close: () => users.close() },
      { name: 'items', close: async () => items[Symbol.dispose]() },
    ],
  });
}

main().catch((error: unknown) => failStart('bucket', error, process));
