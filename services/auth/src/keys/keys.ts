import { type Clock, connect, DEFAULT_RETRY, KubeClient, type Random } from '@sekisho/kube';
import type { Logger, Metrics } from '@sekisho/telemetry';
import { type EncryptionKeys, type Jwks, TOKEN_SECONDS } from '@sekisho/tokens';
import type { OpenDatabase } from '../database/open.ts';
import type { KeySettings, TokenIssuerPlace } from './config.ts';
import { createIssuerSpread, type ReportSpread, unreported } from './issuer-spread.ts';
import { KeyKeeper, type RevokeKey } from './key-keeper.ts';
import { LiveKeyRing } from './key-ring.ts';
import { maxRetiring } from './key-set-size.ts';
import { createKeyMetrics, type KeyMetrics } from './metrics.ts';
import { createKeyObserver } from './observer.ts';
import { PublicKeyRing } from './public-key-ring.ts';
import { joined } from './published.ts';
import { type KeyRegion, NO_REGION } from './region.ts';
import { replicated } from './replicated.ts';
import { SIGNERS, type Signer } from './signer.ts';
import { isWaiting } from './sql-key-reads.ts';
import { createSqlKeys } from './sql-keys.ts';
import { GUARD_CUT_OFF_SECONDS, type KeyTiming, keyTiming, REPLICA_CUT_OFF_SECONDS } from './timing.ts';

export interface KeysOptions {
  readonly database: Pick<OpenDatabase, 'db' | 'agedReads' | 'replica'>;
  readonly settings: KeySettings;
  /** Whose keys they are, and who else must hold them. @default there are no regions */
  readonly region?: KeyRegion | undefined;
  /** Regions that are given up, as they are now: a key signs without them. @default none */
  readonly lostRegions?: (() => readonly string[]) | undefined;
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
  /** Those of this service in this region. */
  readonly keeper: KeyKeeper<LiveKeyRing>;
  readonly ring: LiveKeyRing;
  /** Those of the guard, which alone can sign with them. */
  readonly guard: KeyKeeper<PublicKeyRing>;
  /** The public keys of all signers in all regions. Throws AuthError `unavailable` when they may be others by now. */
  readonly published: () => Jwks;
  readonly timing: KeyTiming;
  close(): Promise<void>;
}

/**
 * The signing keys that this service looks after, loaded and looked after from then on.
 * @throws AuthError `unavailable`, `key_unreadable`, KubeError `config`
 */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const timing = keyTiming(options.settings.pollMs);
  const issuer = openIssuer(options);
  const { keeper, guard } = createKeepers(options, timing, issuer);
  const keepers = [keeper, guard];
  const close = async () => {
    await Promise.all(keepers.map((each) => each.stop()));
    await issuer.close();
  };
  try {
    for (const each of keepers) await each.look();
  } catch (error) {
    await close();
    throw error;
  }
  for (const each of keepers) each.start();
  const published = joined(
    keepers.map(
      ({ ring }) =>
        () =>
          ring.published,
    ),
  );
  return { keeper, ring: keeper.ring, guard, published, timing, close };
}

function createKeepers(options: KeysOptions, timing: KeyTiming, issuer: Pick<Issuer, 'spreadOf'>) {
  const { settings, encryptionKeys, clock, region = NO_REGION } = options;
  const { alg, periodMs, publishMs } = settings;
  const { replica } = options.database;
  const keepers = () => ({ auth: keeper, guard });
  const metrics = createKeyMetrics(options.metrics, {
    ageMs: (signer) => keepers()[signer].ageMs,
    ...(replica && { primaryAgeMs: (signer: Signer) => keepers()[signer].ring.primaryAgeMs }),
    periodMs,
  });
  const parts = (signer: Signer) => partsOf(signer, { ...options, ...issuer, timing, metrics: metrics(signer) });
  const cutOffMs = replica === undefined ? 0 : REPLICA_CUT_OFF_SECONDS * 1000;
  const freshness = { staleMs: timing.staleMs, cutOffMs };
  const fitting = maxRetiring({ signers: SIGNERS.length, regions: 1 + region.others.length });
  const shared = { alg, periodMs, publishMs, maxRetiring: fitting };
  const keeper = new KeyKeeper({
    ...parts('auth'),
    ring: new LiveKeyRing({ encryptionKeys, clock, ...freshness }),
    rules: { ...shared, longestTokenMs: options.longestTokenSeconds * 1000, cutOffMs },
  });
  const guard = new KeyKeeper({
    ...parts('guard'),
    ring: new PublicKeyRing(clock, freshness),
    // It may be told by who is cut off, and then be cut off itself.
    rules: {
      ...shared,
      longestTokenMs: TOKEN_SECONDS.narrow * 1000,
      cutOffMs: cutOffMs + GUARD_CUT_OFF_SECONDS * 1000,
    },
  });
  return { keeper, guard };
}

interface PartsOptions extends Omit<KeysOptions, 'metrics'> {
  readonly timing: KeyTiming;
  readonly spreadOf: Issuer['spreadOf'];
  readonly metrics: KeyMetrics;
}

function partsOf(signer: Signer, { database, settings, timing, spreadOf, metrics, ...options }: PartsOptions) {
  const { region = NO_REGION, lostRegions = () => [], revokeKey, clock, random } = options;
  const { db, agedReads: reads, replica } = database;
  const log = options.log.child({ signer });
  const observer = createKeyObserver({ log, metrics, clock, overdueMs: settings.publishMs });
  const store = createSqlKeys(db, signer, { region, reads });
  const told = spreadOf(signer);
  const isThere = replica && ((kid: string) => isWaiting(replica.db, kid));
  const spread = isThere === undefined ? told : replicated({ ...timing, spread: told, isThere, clock });
  return { store, timing, spread, region, lostRegions, revokeKey, observer, clock, random };
}

interface Issuer {
  /** Of one signer: what is remembered of its next key is its own. */
  spreadOf(signer: Signer): ReportSpread;
  close(): Promise<void>;
}

function openIssuer(options: KeysOptions): Issuer {
  const { tokenIssuer } = options.settings;
  return tokenIssuer === undefined
    ? { spreadOf: () => unreported, close: async () => undefined }
    : connectIssuer(options, tokenIssuer);
}

/** A question takes a part of the time between two looks at the most, so that an API server that hangs delays no look. */
const MAX_QUESTION_MS = 2_000;

function connectIssuer(
  { settings, issuer, log, clock, random }: KeysOptions,
  { name, kubeconfig, pod }: TokenIssuerPlace,
): Issuer {
  const transport = connect({ kubeconfig, pod, clock, connections: 1 });
  const client = new KubeClient(transport, {
    fieldManager: 'sekisho-auth',
    timeoutMs: Math.min(settings.pollMs / 2, MAX_QUESTION_MS),
    // The next look asks again.
    retry: { ...DEFAULT_RETRY, attempts: 1 },
    clock,
    random,
  });
  const spreadOf = (signer: Signer) => {
    const onError = (err: unknown) => log.debug({ err, signer }, 'the TokenIssuer could not be read');
    return createIssuerSpread({ client, name, issuer, clock, onError });
  };
  return { spreadOf, close: () => transport.close() };
}
