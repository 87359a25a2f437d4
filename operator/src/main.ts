import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemClock } from '@sekisho/kube';
import { createLogger, createMetrics, failStart, onSignals, openTracing, startOpsServer } from '@sekisho/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { startAdmission } from './admission/admission.ts';
import { configFrom } from './config.ts';
import { createAsking } from './enforce/asking.ts';
import { OperatorError } from './errors.ts';
import { createFetchJson } from './fetch-jwks.ts';
import { createKube } from './kube.ts';
import { meshConfigSource } from './observe/mesh-config.ts';
import { createOperator, type Operator } from './operator.ts';
import { Outages } from './outages.ts';

const FETCH_TIMEOUT_MS = 5_000;
const MAX_KEY_SET_BYTES = 256 * 1024;
const GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = configFrom(process.env);
  const log = createLogger({ name: 'operator', level: config.logLevel });
  const metrics = createMetrics({ build: { part: 'operator', version: manifest.version } });
  const tracing = await openTracing('sekisho-operator', process.env, { log, metrics });
  const identity = identityOf(config.election?.podName ?? hostname());
  const outages = new Outages({ log, clock: systemClock });
  const kube = createKube(config, { log, metrics, identity, outages });
  const keys = createFetchJson({ timeoutMs: FETCH_TIMEOUT_MS, maxBytes: MAX_KEY_SET_BYTES });
  const shared = { log, metrics, tracing, clock: systemClock, random: Math.random };
  const watching = { ...shared, client: kube.client, outages };
  const asking = config.enforcement && createAsking(config.enforcement, watching);
  const operator = createOperator({
    ...watching,
    election: kube.election,
    events: kube.events,
    fetch: keys.fetch,
    mesh: config.mesh,
    meshConfig: meshConfigSource(config.meshConfig, watching, (path) => readFile(path, 'utf8')),
    asking,
    jwksRefreshMs: config.jwksRefreshMs,
  });
  const admission =
    config.admission &&
    (await startAdmission({ ...shared, ...config.admission, ...config.mesh, client: kube.standbyClient }));
  const ops = await startOpsServer({
    listen: config.listen,
    metrics,
    log,
    checks: {
      caches: async () => assertSynced(operator),
      ...(admission && { admission: () => admission.check() }),
    },
  });
  operator.start();
  log.info({ listen: ops.address, identity, election: kube.election !== undefined }, 'operator started');
  onSignals({
    process,
    log,
    closers: [
      ...(admission ? [{ name: 'admission', close: () => admission.stop() }] : []),
      { name: 'operator', close: () => operator.stop(GRACE_MS) },
      { name: 'traces', close: () => tracing.stop() },
      { name: 'key sets', close: () => keys.close() },
      ...(asking ? [{ name: 'istiod', close: () => asking.istiod.close() }] : []),
      { name: 'connections', close: () => kube.close() },
      { name: 'ops server', close: () => ops.close() },
    ],
  });
}

/** A restarted container has its pod's name, but is another candidate. */
function identityOf(podName: string): string {
  return `${podName}_${randomBytes(8).toString('hex')}`;
}

function assertSynced({ ready }: Pick<Operator, 'ready'>): void {
  if (!ready) throw new OperatorError('not_synced', 'the first lists have not all arrived');
}

main().catch((error: unknown) => failStart('operator', error, process));
