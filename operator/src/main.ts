import { readFile } from 'node:fs/promises';
import { connect, KubeClient, systemClock } from '@sekisho/kube';
import { createLogger, createMetrics, failStart, onSignals, startOpsServer } from '@sekisho/telemetry';
import { configFrom } from './config.ts';
import { OperatorError } from './errors.ts';
import { createFetchJson } from './fetch-jwks.ts';
import { meshConfigSource } from './observe/mesh-config.ts';
import { createOperator } from './operator.ts';

const FETCH_TIMEOUT_MS = 5_000;
const MAX_KEY_SET_BYTES = 256 * 1024;
const GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = configFrom(process.env);
  const log = createLogger({ name: 'operator', level: config.logLevel });
  const metrics = createMetrics();
  const transport = connect({ kubeconfig: config.kubeconfig });
  const keys = createFetchJson({ timeoutMs: FETCH_TIMEOUT_MS, maxBytes: MAX_KEY_SET_BYTES });
  const client = new KubeClient(transport, { fieldManager: 'sekisho-operator' });
  const onError = (kind: string, err: unknown) => log.warn({ kind, err }, 'watching failed, will go on');
  const watching = { client, clock: systemClock, random: Math.random, onError };
  const operator = createOperator({
    client,
    fetch: keys.fetch,
    mesh: config.mesh,
    meshConfig: meshConfigSource(config.meshConfig, watching, (path) => readFile(path, 'utf8')),
    jwksRefreshMs: config.jwksRefreshMs,
    log,
    metrics,
    clock: systemClock,
    random: Math.random,
  });
  const ops = await startOpsServer({
    listen: config.listen,
    metrics,
    log,
    checks: {
      caches: async () => {
        if (!operator.ready) throw new OperatorError('not_synced', 'the first lists have not all arrived');
      },
    },
  });
  operator.start();
  log.info({ listen: ops.address }, 'operator started');
  onSignals({
    process,
    log,
    closers: [
      { name: 'operator', close: () => operator.stop(GRACE_MS) },
      { name: 'key sets', close: () => keys.close() },
      { name: 'connections', close: () => transport.close() },
      { name: 'ops server', close: () => ops.close() },
    ],
  });
}

main().catch((error: unknown) => failStart('operator', error, process));
