import { randomUUID } from 'node:crypto';
import { regionSettings } from '@sekisho/sessions';
import { createLogger, failStart, type ListenAddress, onSignals, parseListen, readConfig } from '@sekisho/telemetry';
import { AuthConfig, parseNetworks, readEncryptionKeys, readFirstAdministrator } from './config.ts';
import { workloadKeySource } from './exchange/config.ts';
import { keySettings } from './keys/config.ts';
import { guardWorkloads } from './keys/signer-config.ts';
import { createService, type Service } from './service.ts';

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
    databaseUrl: config.DATABASE_URL,
    databaseWait: { ms: config.DATABASE_WAIT_SECONDS * 1000, signal: stopping.signal },
    encryptionKeys: await readEncryptionKeys(config.KEY_ENCRYPTION_KEY_FILE),
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
  const service = await unlessStopping(starting, stopping.signal);
  if (service === undefined) return;
  log.info(await listenOrClose(service, listen, adminListen), 'listening');
}

/** A start that was broken off is no failure. */
async function unlessStopping(starting: Promise<Service>, signal: AbortSignal): Promise<Service | undefined> {
  try {
    return await starting;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/**
 * A port that is taken must not leave the embedded database locked.
 * @returns the URLs that both are served at
 */
async function listenOrClose({ publicApp, adminApp, close }: Service, listen: ListenAddress, admin: ListenAddress) {
  try {
    return { listen: await publicApp.listen(listen), adminListen: await adminApp.listen(admin) };
  } catch (error) {
    await close();
    throw error;
  }
}

main().catch((error: unknown) => failStart('auth', error, process));
