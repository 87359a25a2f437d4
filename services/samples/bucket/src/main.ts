import { randomUUID } from 'node:crypto';
import { serviceClient, workloadTokens } from '@sekisho/identity/client';
import {
  createLogger,
  failStart,
  ListenSchema,
  LogLevelSchema,
  onSignals,
  openTracing,
  parseListen,
  readConfig,
  tracedFetch,
} from '@sekisho/telemetry';
import { traceRequests } from '@sekisho/telemetry/fastify';
import { Type } from 'typebox';
import { buildApp } from './app.ts';
import { openEgress } from './egress.ts';
import { openItems } from './items.ts';
import { connectNotificationService } from './notification-service.ts';
import { connectUserService } from './user-service.ts';

const HttpUrl = (description: string) => Type.String({ pattern: '^http://[^/?#]+/?$', description });

const Config = Type.Object({
  LISTEN: ListenSchema('where to serve'),
  AUTH_URL: HttpUrl('URL of the auth service, for example http://auth.sekisho-system'),
  WORKLOAD_TOKEN_FILE: Type.String({
    minLength: 1,
    description: 'projected ServiceAccount token with the audience sekisho',
  }),
  USER_SERVICE_URL: HttpUrl('URL of the user service, for example http://user.shop'),
  NOTIFICATION_SERVICE_URL: Type.Optional(
    HttpUrl('URL of the notification service, for example http://notification.shop'),
  ),
  EGRESS_PROXY: Type.Optional(HttpUrl("URL of the sidecar's egress listener, for example http://127.0.2.2:15080")),
  DATABASE_FILE: Type.String({ default: ':memory:', description: 'path of the SQLite database' }),
  LOG_LEVEL: LogLevelSchema,
});

async function main(): Promise<void> {
  const config = readConfig(Config, process.env);
  const log = createLogger({ name: 'bucket', level: config.LOG_LEVEL });
  const tracing = await openTracing('bucket', process.env, { log });
  const items = openItems(config.DATABASE_FILE);
  const egress = config.EGRESS_PROXY === undefined ? undefined : openEgress(new URL(config.EGRESS_PROXY));
  const auth = { authUrl: new URL(config.AUTH_URL), tokenFile: config.WORKLOAD_TOKEN_FILE };
  const tokens = workloadTokens({ ...auth, fetch: tracedFetch(tracing, 'sekisho-auth', fetch) });
  const client = (service: string, url: string) =>
    serviceClient(service, {
      url: new URL(url),
      tokens,
      ...{ timeoutMs: 2_000, maxAnswerBytes: 4_096 },
      fetch: tracedFetch(tracing, service, egress?.fetch ?? fetch),
    });
  const { USER_SERVICE_URL, NOTIFICATION_SERVICE_URL } = config;
  const app = await buildApp({
    items,
    users: connectUserService(client('user', USER_SERVICE_URL)),
    ...(NOTIFICATION_SERVICE_URL !== undefined && {
      notifications: connectNotificationService(client('notification', NOTIFICATION_SERVICE_URL)),
    }),
    log,
    clock: () => new Date(),
    newId: randomUUID,
  });
  traceRequests(app, tracing);
  await app.listen(parseListen('LISTEN', config.LISTEN));
  onSignals({
    process,
    log,
    closers: [
      { name: 'http', close: () => app.close() },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'egress', close: async () => egress?.close() },
      { name: 'items', close: async () => items[Symbol.dispose]() },
    ],
  });
}

main().catch((error: unknown) => failStart('bucket', error, process));
