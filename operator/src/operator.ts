import { type Clock, type KubeClient, keyOf, type LeaderElection, type Random, WorkQueue } from '@sekisho/kube';
import type { MeshFacts } from '@sekisho/policy';
import { type Logger, type Metrics, NO_TRACING, type Tracing } from '@sekisho/telemetry';
import { Baselines } from './baselines.ts';
import { allOf, type Caches, createCaches } from './caches.ts';
import { CountingPace } from './counting-pace.ts';
import type { Asking } from './enforce/asking.ts';
import { createEnforceMetrics } from './enforce/metrics.ts';
import { EnforcementWatch } from './enforce/watch.ts';
import type { FetchJson } from './fetch-jwks.ts';
import { reconcileIssuer } from './issuer-controller.ts';
import { KeySets } from './key-sets.ts';
import { createOperatorMetrics, createQueueMetrics, observeState, QUEUES, type QueueName } from './metrics.ts';
import { keysOfUnowned } from './observe/keys.ts';
import type { MeshConfigSource } from './observe/mesh-config.ts';
import { createObservation, type Observation } from './observe/observation.ts';
import type { Outages } from './outages.ts';
import { type EventSink, reconcilePolicy } from './policy-controller.ts';
import { keysOfGenerated, keysOfIssuer, keysOfPolicy, policiesUsing, sameSpec } from './policy-keys.ts';
import { isDefaultIssuer } from './references.ts';
import { reconciling } from './traces.ts';

export interface OperatorOptions {
  /** Where several replicas run, guarded by their election. */
  readonly client: KubeClient;
  /** Who may write. @default this process, always */
  readonly election?: Pick<LeaderElection, 'isLeading' | 'run'> | undefined;
  readonly events: EventSink;
  readonly fetch: FetchJson;
  readonly mesh: MeshFacts;
  readonly meshConfig: MeshConfigSource;
  /** How istiod is asked which proxies have the generated objects. @default nobody asks it */
  readonly asking?: Asking | undefined;
  readonly jwksRefreshMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly outages: Outages;
  /** @default nothing is recorded */
  readonly tracing?: Tracing;
  /** How long changes gather before an issuer's status is written: a new key touches every policy. @default 300 */
  readonly countDelayMs?: number;
}

export interface Operator {
  /** All caches hold what the API server held; also while another replica leads. */
  readonly ready: boolean;
  /** Returns at once; work begins when the caches are full and this process leads. */
  start(): void;
  /** Ends work in progress, for at most `graceMs` gracefully, and only then lets another replica lead. */
  stop(graceMs: number): Promise<void>;
}

/** Writes of one policy follow each other: as many policies at once as there are connections. */
const POLICY_WORKERS = 16;
/** What was done last shall be told, too, as far as that takes no longer. */
const EVENT_GRACE_MS = 1_000;
/** A fetch may take its whole timeout, and shall hold up no other. */
const FETCH_WORKERS = 32;

type Queues = Readonly<Record<QueueName, WorkQueue>>;

/** Event -> policy keys -> queue -> gather -> plan -> execute; and the same, smaller, for issuers and their keys. */
export function createOperator(options: OperatorOptions): Operator {
  const { log } = options;
  const counting = new CountingPace(options.countDelayMs ?? 300);
  const caches = createCaches(options);
  const onConcerned = (keys: readonly string[]) => {
    for (const key of keys) queues.policies.remind(key);
  };
  const enforcement = createEnforcement(options, onConcerned);
  const onRelabelled = (keys: readonly string[], id: string) => enforcement?.relabelled(keys, id);
  const observation = createObservation({ ...options, onConcerned, onRelabelled }, caches);
  const operatorMetrics = createOperatorMetrics(options.metrics);
  const keySets = new KeySets({
    ...options,
    refreshMs: options.jwksRefreshMs,
    onChange: (name) => keysChanged(caches, queues, { name, countDelayMs: counting.delayMs }),
    onFailure(issuer, err) {
      operatorMetrics.fetchFailed();
      log.warn({ issuer, err }, 'fetching a key set failed');
    },
  });
  const { mesh, observed } = observation;
  const views = { caches, keySets, mesh, observed, enforcement, baselines: new Baselines() };
  const controller = { ...options, ...views, onResult: operatorMetrics.reconciled };
  const queues = createQueues(options, {
    policies: (key, signal) => reconcilePolicy(controller, key, signal),
    issuers: (name, signal) => reconcileIssuer({ ...controller, onCounted: (ms) => counting.count(ms) }, name, signal),
    keys: async (name, signal) => {
      const issuer = caches.issuers.store.get(name);
      if (issuer) return keySets.refresh(issuer, signal);
      keySets.forget(name);
      return undefined;
    },
  });
  observeState(options.metrics, { caches, keySets, queues, isLeading: () => options.election?.isLeading ?? true });
  route(caches, queues, { counting, rootNamespace: options.mesh.rootNamespace });
  return lifecycle({ caches, keySets, observation, enforcement, queues }, options);
}

function createEnforcement(
  { asking, metrics, ...options }: OperatorOptions,
  onNews: (keys: readonly string[]) => void,
): EnforcementWatch | undefined {
  if (asking === undefined) return undefined;
  return new EnforcementWatch({ ...options, ...asking, metrics: createEnforceMetrics(metrics), onNews });
}

function createQueues(
  { outages, metrics, clock, random, tracing = NO_TRACING }: OperatorOptions,
  work: Record<keyof Queues, ConstructorParameters<typeof WorkQueue>[0]['work']>,
): Queues {
  const observer = createQueueMetrics(metrics);
  const queue = (name: keyof Queues, concurrency: number) =>
    new WorkQueue({
      work: async (key, signal) => {
        const outcome = await reconciling(tracing, { queue: name, key }, () => work[name](key, signal));
        outages.ended(`${name} ${key}`);
        return outcome;
      },
      concurrency,
      observer: observer(name),
      onError: (key, err) => outages.failed(`${name} ${key}`, err),
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
function route(
  caches: Caches,
  { policies, issuers, keys }: Queues,
  { counting, rootNamespace }: { readonly counting: CountingPace; readonly rootNamespace: string },
): void {
  const addAll = (names: readonly string[]) => {
    for (const name of names) policies.add(name);
  };
  const recount = () => {
    for (const { metadata } of caches.issuers.store.list()) issuers.add(metadata.name, counting.delayMs);
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
    issuers.add(change.key, counting.delayMs);
    addAll(keysOfIssuer(caches, change));
  });
  for (const informer of Object.values(caches.generated)) {
    informer.subscribe((change) => addAll(keysOfGenerated(change)));
    // Only warned of: it mends nothing that failed.
    informer.subscribe((change) => {
      for (const key of keysOfUnowned(caches, rootNamespace, change)) policies.remind(key);
    });
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

interface Parts {
  readonly caches: Caches;
  readonly keySets: KeySets;
  readonly observation: Observation;
  readonly enforcement: EnforcementWatch | undefined;
  readonly queues: Queues;
}

function lifecycle(parts: Parts, { log, election, asking, events }: OperatorOptions): Operator {
  const { caches, observation, queues } = parts;
  const informers = allOf(caches);
  const abort = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const lead = leading(parts, log);
  const work = async () => {
    await Promise.race([Promise.all(informers.map((informer) => informer.synced())), aborted(abort.signal)]);
    if (!(await observation.settled(abort.signal)) && !abort.signal.aborted) {
      log.warn('the mesh config or the workloads cannot be read yet, going on without them');
    }
    if (abort.signal.aborted) return;
    await (election ? election.run(lead, abort.signal) : lead(abort.signal));
  };
  return {
    get ready() {
      return informers.every(({ hasSynced }) => hasSynced);
    },
    start() {
      const caching = informers.map((informer) => informer.run(abort.signal));
      running = Promise.all([...caching, observation.run(abort.signal), asking?.source.run(abort.signal), work()]);
    },
    async stop(graceMs) {
      await Promise.all(QUEUES.map((name) => queues[name].stop(graceMs)));
      // Only who leads may write an event.
      await events.stop(EVENT_GRACE_MS);
      abort.abort();
      await running;
    },
  };
}

/** The queues gather keys while this process stands by, and keep those at work when its term ends. */
function leading({ caches, keySets, enforcement, queues }: Parts, log: Logger) {
  return async (term: AbortSignal): Promise<void> => {
    if (term.aborted) return;
    log.info({ policies: caches.policies.store.size }, 'this process leads, reconciling begins');
    const paused = Promise.withResolvers<unknown>();
    // In the very turn in which the right to write ends: whoever fails for that reason shall find its signal aborted.
    term.addEventListener('abort', () => paused.resolve(Promise.all(QUEUES.map((name) => queues[name].pause()))));
    keySets.forgetAll();
    for (const { metadata } of caches.issuers.store.list()) queues.keys.add(metadata.name);
    for (const name of QUEUES) queues[name].start();
    await Promise.all([paused.promise, enforcement?.run(term)]);
    log.info('this process stands by');
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
