import { randomUUID } from 'node:crypto';
import { regionSettings } from '@sekisho/sessions';
import { createLogger, failStart, onSignals, parseListen, readConfig } from '@sekisho/telemetry';
import { AuthConfig, databaseSettings, parseNetworks, readFirstAdministrator, readKeyFiles } from './config.ts';
import { workloadKeySource } from './exchange/config.ts';
import { keySettings } from './keys/config.ts';
import { guardWorkloads } from './keys/signer-config.ts';
import { listenUnlessStopping } from './listening.ts';
import { createService } from './service.ts';

async function main(): Promise<void> {
  const config = readConfig(AuthConfig, process.env);
  const listen = parseListen('AUTH_LISTEN', config.AUTH_LISTEN);
  const adminListen = parseListen('AUTH_ADMIN_LISTEN', config.AUTH_ADMIN_LISTEN);
  const trustedProxies = parseNetworks('AUTH_TRUSTED_PROXIES', config.AUTH_TRUSTED_PROXIES);
  const log = createLogger({ name: 'auth', level: config.LOG_LEVEL });
  const firstAdministrator = await readFirstAdministrator(config);

  const stopping = new AbortController();
  const starting = createService({
    issuer: config.AUTH_ISSUER,
    redisUrl: config.REDIS_URL,
    regions: regionSettings(config),
    ...databaseSettings(config),
    databaseWait: { ms: config.DATABASE_WAIT_SECONDS * 1000, signal: stopping.signal },
    ...(await readKeyFiles(config)),
    keys: keySettings(config),
    workloadKeys: workloadKeySource(config),
    guardWorkloads: guardWorkloads(config),
    ...(firstAdministrator !== undefined && { firstAdministrator }),
    tokenLifetime: config.ACCESS_TOKEN_TTL_SECONDS,
    revocationMaxStaleness: config.REVOCATION_MAX_STALENESS_SECONDS,
    revocationMinReplicas: config.REVOCATION_MIN_REPLICAS,
    deviceChange: config.DEVICE_CHANGE,
    auditRetentionDays: config.AUDIT_RETENTION_DAYS,
    trustedProxies,
    logoutNetworks: parseNetworks('BACKCHANNEL_LOGOUT_NETWORKS', config.BACKCHANNEL_LOGOUT_NETWORKS),
    environment: process.env,
    log,
    clock: () => new Date(),
    uuid: randomUUID,
  });
  const close = async () => {
    stopping.abort();
    const service = await starting.catch(() => undefined);
    await service?.close();
  };
  onSignals({ process, log, closers: [{ name: 'service', close }] });
  const served = await listenUnlessStopping(starting, { listen, adminListen }, stopping.signal);
  if (served !== undefined) log.info(served, 'listening');
}

main().catch((error: unknown) => failStart('auth', error, process));
