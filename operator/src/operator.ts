import { type Clock, type KubeClient, keyOf, type Random, WorkQueue } from '@sekisho/kube';
import type { MeshFacts } from '@sekisho/policy';
import type { Logger, Metrics } from '@sekisho/telemetry';
import { allOf, type Caches, createCaches } from './caches.ts';
import type { FetchJson } from './fetch-jwks.ts';
import { reconcileIssuer } from './issuer-controller.ts';
import { KeySets } from './key-sets.ts';
import { createOperatorMetrics, observeState } from './metrics.ts';
import { reconcilePolicy } from './policy-controller.ts';
import { keysOfGenerated, keysOfIssuer, keysOfPolicy, policiesUsing, sameSpec } from './policy-keys.ts';
import { isDefaultIssuer } from './references.ts';

export interface OperatorOptions {
  readonly client: KubeClient;
  readonly fetch: FetchJson;
  readonly mesh: MeshFacts;
  readonly jwksRefreshMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  /** How long changes gather before an issuer's status is written: a new key touches every policy. @default 300 */
  readonly countDelayMs?: number;
}

export interface Operator {
  /** All caches hold what the API server held. */
  readonly ready: boolean;
  /** Returns at once; work begins when the caches are full. */
  start(): void;
  /** Ends work in progress, for at most `graceMs` gracefully. */
  stop(graceMs: number): Promise<void>;
}

const POLICY_WORKERS = 8;
/** A fetch may take its whole timeout, and shall hold up no other. */
const FETCH_WORKERS = 32;

interface Queues {
  readonly policies: WorkQueue;
  readonly issuers: WorkQueue;
  readonly keys: WorkQueue;
}

/** Event -> policy keys -> queue -> gather -> plan -> execute; and the same, smaller, for issuers and their keys. */
export function createOperator(options: OperatorOptions): Operator {
  const { log, clock, countDelayMs = 300 } = options;
  const caches = createCaches({
    ...options,
    onError: (kind, err) => log.warn({ kind, err }, 'watching failed, will go on'),
  });
  const operatorMetrics = createOperatorMetrics(options.metrics);
  const keySets = new KeySets({
    ...options,
    refreshMs: options.jwksRefreshMs,
    onChange: (name) => keysChanged(caches, queues, { name, countDelayMs }),
    onFailure(issuer, err) {
      operatorMetrics.fetchFailed();
      log.warn({ issuer, err }, 'fetching a key set failed');
    },
  });
  const controller = { ...options, caches, keySets, clock, onResult: operatorMetrics.reconciled };
  const queues = createQueues(options, {
    policies: (key, signal) => reconcilePolicy(controller, key, signal),
    issuers: (name, signal) => reconcileIssuer(controller, name, signal),
    keys: async (name, signal) => {
      const issuer = caches.issuers.store.get(name);
      if (issuer) return keySets.refresh(issuer, signal);
      keySets.forget(name);
      return undefined;
    },
  });
  observeState(options.metrics, caches, keySets);
  route(caches, queues, countDelayMs);
  return lifecycle(caches, queues, log);
}

function createQueues(
  { log, clock, random }: OperatorOptions,
  work: Record<keyof Queues, ConstructorParameters<typeof WorkQueue>[0]['work']>,
): Queues {
  const queue = (name: keyof Queues, concurrency: number) =>
    new WorkQueue({
      work: work[name],
      concurrency,
      onError: (key, err) => log.error({ queue: name, key, err }, 'reconciling failed, will be tried again'),
      clock,
      random,
    });
  return {
    policies: queue('policies', POLICY_WORKERS),
    issuers: queue('issuers', 1),
    keys: queue('keys', FETCH_WORKERS),
  };
}

/** Which change concerns whom. */
function route(caches: Caches, { policies, issuers, keys }: Queues, countDelayMs: number): void {
  const addAll = (names: readonly string[]) => {
    for (const name of names) policies.add(name);
  };
  const recount = () => {
    for (const { metadata } of caches.issuers.store.list()) issuers.add(metadata.name, countDelayMs);
  };
  caches.policies.subscribe((change) => {
    for (const key of keysOfPolicy(caches, change)) {
      // A status mends nothing that failed; it mostly is the one that was just written to tell of the failure.
      if (key === change.key && sameSpec(change)) policies.remind(key);
      else policies.add(key);
    }
    recount();
  });
  caches.issuers.subscribe((change) => {
    keys.add(change.key);
    issuers.add(change.key, countDelayMs);
    addAll(keysOfIssuer(caches, change));
  });
  for (const informer of Object.values(caches.generated)) {
    informer.subscribe((change) => addAll(keysOfGenerated(change)));
  }
  caches.generated.RequestAuthentication.subscribe(recount);
}

function keysChanged(
  caches: Caches,
  { policies, issuers }: Queues,
  { name, countDelayMs }: { name: string; countDelayMs: number },
): void {
  const issuer = caches.issuers.store.get(name);
  const users = policiesUsing(caches, name, issuer !== undefined && isDefaultIssuer(issuer));
  for (const { metadata } of users) policies.add(keyOf(metadata));
  issuers.add(name, countDelayMs);
}

function lifecycle(caches: Caches, queues: Queues, log: Logger): Operator {
  const informers = allOf(caches);
  const abort = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const startQueues = () => {
    if (abort.signal.aborted) return;
    log.info({ policies: caches.policies.store.size }, 'caches are full, reconciling begins');
    for (const queue of Object.values(queues)) queue.start();
  };
  return {
    get ready() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    start() {
      running = Promise.all(informers.map((informer) => informer.run(abort.signal)));
      void Promise.all(informers.map((informer) => informer.synced())).then(startQueues);
    },
    async stop(graceMs) {
      await Promise.all(Object.values(queues).map((queue: WorkQueue) => queue.stop(graceMs)));
      abort.abort();
      await running;
    },
  };
}
