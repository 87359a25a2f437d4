import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, systemClock } from '@sekisho/kube';
import { createLogger, createMetrics, failStart, onSignals, startOpsServer } from '@sekisho/telemetry';
import { parseEncryptionKeys } from '@sekisho/tokens';
import { configFrom } from './config.ts';
import { createKeySource } from './keys/open-key-source.ts';
import { createService } from './service.ts';

async function main(): Promise<void> {
  const config = configFrom(process.env);
  const log = createLogger({ name: 'guard', level: config.logLevel });
  const metrics = createMetrics();
  const shared = { log, metrics, random: Math.random };
  const keyFile = await readFile(config.encryptionKeyFile, 'utf8');
  const keys = createKeySource({
    ...{ ...shared, clock: systemClock, fetch, authUrl: config.authUrl },
    encryptionKeys: parseEncryptionKeys('KEY_ENCRYPTION_KEY_FILE', keyFile.trimEnd()),
    readToken: () => readFile(config.workloadTokenFile, 'utf8'),
  });
  const transport = connect({ kubeconfig: config.kubeconfig, pod: config.pod });
  const service = createService({ ...config, ...shared, keys, transport, timers: systemClock, uuid: randomUUID });
  const ops = await startOpsServer({ listen: config.opsListen, metrics, log, checks: service.checks });
  keys.start();
  const listen = await service.listen(config.listen);
  onSignals({
    process,
    log,
    closers: [
      { name: 'service', close: service.close },
      { name: 'keys', close: () => keys.stop() },
      { name: 'connections', close: () => transport.close() },
      { name: 'ops server', close: () => ops.close() },
    ],
  });
  log.info({ listen, opsListen: ops.address }, 'listening');
}

main().catch((error: unknown) => failStart('guard', error, process));
