import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, systemClock } from '@sekisho/kube';
import {
  createLogger,
  createMetrics,
  failStart,
  onSignals,
  openTracing,
  startOpsServer,
  tracedFetch,
  traceRedis,
} from '@sekisho/telemetry';
import { parseEncryptionKeys } from '@sekisho/tokens';
import manifest from '../package.json' with { type: 'json' };
import { createAuthClient } from './auth/auth-client.ts';
import { createExchangeCookie } from './browser/exchange-cookie.ts';
import { configFrom } from './config.ts';
import { createKeySource } from './keys/open-key-source.ts';
import { createService } from './service.ts';

/** A browser waits for it; Envoy does for 250 ms, and the next request finds what came later. */
const COOKIE_TIMEOUT_MS = 2_000;

async function main(): Promise<void> {
  const config = configFrom(process.env);
  const log = createLogger({ name: 'guard', level: config.logLevel });
  const metrics = createMetrics({ build: { part: 'guard', version: manifest.version } });
  const tracing = await openTracing('sekisho-guard', process.env, { log, metrics });
  traceRedis(tracing);
  const shared = { log, metrics, tracing, random: Math.random };
  const keyFile = await readFile(config.encryptionKeyFile, 'utf8');
  const readToken = () => readFile(config.workloadTokenFile, 'utf8');
  const asking = { clock: systemClock, fetch: tracedFetch<RequestInit, Response>(tracing, 'sekisho-auth', fetch) };
  const auth = { ...asking, authUrl: config.authUrl, readToken };
  const encryptionKeys = parseEncryptionKeys('KEY_ENCRYPTION_KEY_FILE', keyFile.trimEnd());
  const keys = createKeySource({ ...shared, ...auth, encryptionKeys });
  const exchangeCookie = createExchangeCookie(createAuthClient({ ...auth, timeoutMs: COOKIE_TIMEOUT_MS }));
  const transport = connect({ kubeconfig: config.kubeconfig, pod: config.pod });
  const parts = { keys, exchangeCookie, transport, timers: systemClock, uuid: randomUUID };
  const service = createService({ ...config, ...shared, ...parts });
  const ops = await startOpsServer({ listen: config.opsListen, metrics, log, checks: service.checks });
  keys.start();
  const listen = await service.listen(config.listen);
  onSignals({
    process,
    log,
    closers: [
      { name: 'service', close: service.close },
      { name: 'keys', close: () => keys.stop() },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'connections', close: () => transport.close() },
      { name: 'ops server', close: () => ops.close() },
    ],
  });
  log.info({ listen, opsListen: ops.address }, 'listening');
}

main().catch((error: unknown) => failStart('guard', error, process));
