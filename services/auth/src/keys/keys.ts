import { type Clock, connect, DEFAULT_RETRY, KubeClient, type Random } from '@sekisho/kube';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { Kysely } from 'kysely';
import type { Database } from '../database/schema.ts';
import type { KeySettings, TokenIssuerPlace } from './config.ts';
import type { EncryptionKeys } from './encryption-keys.ts';
import { createIssuerSpread, type ReportSpread, unreported } from './issuer-spread.ts';
import { KeyKeeper, type RevokeKey } from './key-keeper.ts';
import type { KeyRing } from './key-ring.ts';
import { createKeyMetrics } from './metrics.ts';
import { createKeyObserver } from './observer.ts';
import { createSqlKeys } from './sql-keys.ts';
import { type KeyTiming, keyTiming } from './timing.ts';

export interface KeysOptions {
  readonly db: Kysely<Database>;
  readonly settings: KeySettings;
  readonly encryptionKeys: EncryptionKeys;
  /** The `iss` of our tokens. */
  readonly issuer: string;
  /** Life of the longest-living token that this process signs, in seconds. */
  readonly longestTokenSeconds: number;
  readonly revokeKey: RevokeKey;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Keys {
  readonly keeper: KeyKeeper;
  readonly ring: KeyRing;
  readonly timing: KeyTiming;
  close(): Promise<void>;
}

/**
 * The signing keys of this process, loaded and looked after from then on.
 * @throws AuthError `unavailable`, `key_unreadable`, KubeError `config`
 */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const { db, settings, encryptionKeys, revokeKey, log, clock, random } = options;
  const { alg, periodMs, publishMs, pollMs } = settings;
  const timing = keyTiming(pollMs);
  const issuer = openIssuer(options);
  const metrics = createKeyMetrics(options.metrics, () => keeper.ageMs);
  const keeper = new KeyKeeper({
    store: createSqlKeys(db),
    encryptionKeys,
    rules: { alg, periodMs, publishMs, longestTokenMs: options.longestTokenSeconds * 1000 },
    timing,
    spread: issuer.spread,
    revokeKey,
    observer: createKeyObserver({ log, metrics, clock, overdueMs: publishMs }),
    clock,
    random,
  });
  const close = async () => {
    await keeper.stop();
    await issuer.close();
  };
  try {
    await keeper.look();
  } catch (error) {
    await close();
    throw error;
  }
  keeper.start();
  return { keeper, ring: keeper.ring, timing, close };
}

function openIssuer(options: KeysOptions): { readonly spread: ReportSpread; close(): Promise<void> } {
  const { tokenIssuer } = options.settings;
  return tokenIssuer === undefined
    ? { spread: unreported, close: async () => undefined }
    : connectIssuer(options, tokenIssuer);
}

/** A question takes a part of the time between two looks at the most, so that an API server that hangs delays no look. */
const MAX_QUESTION_MS = 2_000;

function connectIssuer(
  { settings, issuer, log, clock, random }: KeysOptions,
  { name, kubeconfig, pod }: TokenIssuerPlace,
): { readonly spread: ReportSpread; close(): Promise<void> } {
  const transport = connect({ kubeconfig, pod, clock, connections: 1 });
  const client = new KubeClient(transport, {
    fieldManager: 'sekisho-auth',
    timeoutMs: Math.min(settings.pollMs / 2, MAX_QUESTION_MS),
    // The next look asks again.
    retry: { ...DEFAULT_RETRY, attempts: 1 },
    clock,
    random,
  });
  const onError = (err: unknown) => log.debug({ err }, 'the TokenIssuer could not be read');
  return { spread: createIssuerSpread({ client, name, issuer, clock, onError }), close: () => transport.close() };
}
