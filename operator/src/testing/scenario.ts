import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  type EventFacts,
  KubeClient,
  type KubeObject,
  type Manifest,
  pathOf,
  type Resource,
  type Target,
  type Transport,
  withQuery,
} from '@sekisho/kube';
import { FakeApi, type OpenStream, type SeenCall, TickingClock } from '@sekisho/kube/testing';
import { createLogger, createMetrics, type Metrics } from '@sekisho/telemetry';
import { meshConfigFromFile } from '../observe/mesh-config.ts';
import { createOperator, type Operator, type OperatorOptions } from '../operator.ts';
import { Outages } from '../outages.ts';
import { GENERATED, ISSUERS, PODS, POLICIES, SERVICES, WORKLOAD_ENTRIES } from '../resources.ts';
import { MESH, MESH_CONFIG } from './objects.ts';

const MANAGED = 'labelSelector=app.kubernetes.io%2Fmanaged-by%3Dsekisho';
const FOREIGN = 'labelSelector=app.kubernetes.io%2Fmanaged-by!%3Dsekisho';
const RUNNING = 'fieldSelector=status.phase!%3DSucceeded%2Cstatus.phase!%3DFailed';
/** Everything that the operator lists and watches. */
const WATCHED: readonly { readonly resource: Resource; readonly selector?: string }[] = [
  { resource: POLICIES },
  { resource: ISSUERS },
  ...Object.values(GENERATED).map((resource) => ({ resource, selector: MANAGED })),
  ...Object.values(GENERATED).map((resource) => ({ resource, selector: FOREIGN })),
  { resource: PODS, selector: RUNNING },
  { resource: WORKLOAD_ENTRIES },
  { resource: SERVICES },
];
const MANAGER = 'sekisho-operator';

/** Where the operator sends a server-side apply, with its query. */
export function applyPath(resource: Resource, target: Target): string {
  return withQuery(pathOf(resource, target), { fieldManager: MANAGER, force: true, fieldValidation: 'Ignore' });
}

/** How long an announced call is waited for. */
const SETTLE_MS = 60_000;

/** The version of the first lists; what they hold is older, what comes after them newer. */
const LISTED = 2_000;

export interface ScenarioOptions {
  /** What the API server holds when the operator starts. */
  readonly objects: readonly KubeObject[];
  /** Istio's policies of other authors. */
  readonly foreign?: readonly KubeObject[];
  readonly fetch?: (uri: string) => Promise<unknown>;
  /** Istio's mesh config, in YAML. @default one that gives no reason to warn */
  readonly meshConfig?: string;
  /** @default there is no other replica */
  readonly election?: OperatorOptions['election'];
  /** Told when the operator has its last events written. */
  readonly onLastEvents?: () => void;
}

/** The operator on a strict API server: each call it makes must have been announced. */
export class Scenario {
  readonly api: FakeApi;
  readonly metrics: Metrics = createMetrics({ undeclared: 'throw', processMetrics: false });
  /** What the operator told people, as `type reason: note`. */
  readonly told: string[] = [];
  readonly clock = new TickingClock();
  readonly #transport: Transport;
  readonly #operator: Operator;
  readonly #streams = new Map<string, Promise<OpenStream>>();
  #version = 1_000;
  #stopped: Promise<void> | undefined;

  private constructor(api: FakeApi, options: ScenarioOptions) {
    this.api = api;
    this.#transport = connect({ kubeconfig: api.kubeconfig });
    const retry = { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 };
    const log = createLogger({ name: 'operator', level: 'silent' });
    const { clock } = this;
    this.#operator = createOperator({
      client: new KubeClient(this.#transport, { fieldManager: MANAGER, retry, clock }),
      fetch: (uri, signal) => Promise.race([options.fetch?.(uri) ?? unannounced(uri), aborted(signal)]),
      election: options.election,
      events: {
        record: ({ type, reason, note }: EventFacts) => void this.told.push(`${type} ${reason}: ${note}`),
        stop: async () => options.onLastEvents?.(),
      },
      mesh: MESH,
      meshConfig: meshConfigFromFile(clock, async () => options.meshConfig ?? MESH_CONFIG, 20),
      jwksRefreshMs: 300_000,
      log,
      outages: new Outages({ log, clock }),
      metrics: this.metrics,
      clock,
      random: () => 0.5,
      countDelayMs: 20,
    });
    for (const watched of WATCHED) this.#announce(watched, options);
    this.#version = LISTED;
  }

  /** Announces the lists and watches of the start; the caller announces the writes, then calls `run`. */
  static async of(options: ScenarioOptions): Promise<Scenario> {
    return new Scenario(await FakeApi.start(), options);
  }

  run(): void {
    this.#operator.start();
  }

  get ready(): boolean {
    return this.#operator.ready;
  }

  /** Tells the operator of a change by its watch. */
  async event(
    type: 'ADDED' | 'MODIFIED' | 'DELETED',
    resource: Resource,
    object: KubeObject,
    author: 'operator' | 'others' = 'operator',
  ): Promise<void> {
    const stream = await this.#streams.get(author === 'others' ? `${resource.kind} of others` : resource.kind);
    stream?.send({ type, object: this.stored(object) });
  }

  /** Announces a server-side apply that succeeds and returns what was sent, with what the API server adds. */
  applied(
    resource: Resource,
    ref: KubeObject['metadata'],
    extra: Partial<KubeObject['metadata']> = {},
  ): Promise<SeenCall> {
    return this.#answered('PATCH', applyPath(resource, ref), extra);
  }

  replaced(resource: Resource, ref: KubeObject['metadata']): Promise<SeenCall> {
    return this.#answered('PUT', `${pathOf(resource, ref)}?fieldManager=${MANAGER}`, {});
  }

  /** Announces a server-side apply that is never answered. */
  hanging(resource: Resource, ref: KubeObject['metadata']): Promise<SeenCall> {
    const path = applyPath(resource, ref);
    return this.api.expect('PATCH', path, () => undefined);
  }

  deleted(resource: Resource, ref: KubeObject['metadata']): Promise<SeenCall> {
    return this.api.reply('DELETE', pathOf(resource, ref), 200, { kind: 'Status', status: 'Success' });
  }

  statusApplied(resource: Resource, object: KubeObject): Promise<SeenCall> {
    const path = applyPath(resource, { ...object.metadata, subresource: 'status' });
    return this.#answered('PATCH', path, {}, object);
  }

  /** Lets the status of an issuer be written; how often depends on how writes and counting meet in time. */
  issuerStatusAllowed(issuer: KubeObject): void {
    this.statusAllowed(ISSUERS, issuer);
  }

  /** Lets a status be written any number of times. */
  statusAllowed(resource: Resource, object: KubeObject): void {
    const path = applyPath(resource, { ...object.metadata, subresource: 'status' });
    this.api.allow('PATCH', path, (response, { body }) => this.#answer(response, body as Manifest, object));
  }

  refused(resource: Resource, ref: KubeObject['metadata'], status: number, message: string): Promise<SeenCall> {
    const path = applyPath(resource, ref);
    return this.api.reply('PATCH', path, status, { kind: 'Status', code: status, reason: 'Forbidden', message });
  }

  /** As the API server would hold it now. */
  stored(object: Manifest): KubeObject {
    this.#version += 1;
    const { metadata } = object;
    return {
      ...object,
      metadata: { uid: `uid-${metadata.name}`, ...metadata, resourceVersion: String(this.#version) },
    };
  }

  /**
   * Waits until every announced call came and nothing else does for a while. In steps, so that a process that stood still comes to what
   * had arrived meanwhile.
   */
  async settle(): Promise<void> {
    const end = performance.now() + SETTLE_MS;
    while (this.api.pending > 0 && performance.now() < end) await delay(10);
    for (let step = 0; step < 15; step += 1) await delay(10);
    this.api.verify();
  }

  /** Ends the operator. */
  stop(): Promise<void> {
    this.#stopped ??= this.#operator.stop(1_000);
    return this.#stopped;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.clock.stop();
    await this.#transport.close();
    await this.api.close();
  }

  #announce({ resource, selector }: (typeof WATCHED)[number], { objects, foreign = [] }: ScenarioOptions): void {
    const selected = selector === undefined ? '' : `&${selector}`;
    const held = (selector === FOREIGN ? foreign : objects).filter(({ kind }) => kind === resource.kind);
    const items = held.map((object) => this.stored(object));
    const list = {
      kind: `${resource.kind}List`,
      apiVersion: 'v1',
      metadata: { resourceVersion: String(LISTED) },
      items,
    };
    void this.api.reply('GET', `${pathOf(resource)}?limit=500${selected}`, 200, list);
    const watch = `${pathOf(resource)}?allowWatchBookmarks=true&resourceVersion=${LISTED}&watch=true${selected}`;
    const stream = this.api.stream('GET', watch);
    this.#streams.set(selector === FOREIGN ? `${resource.kind} of others` : resource.kind, stream);
  }

  #answered(
    method: string,
    path: string,
    extra: Partial<KubeObject['metadata']>,
    base?: KubeObject,
  ): Promise<SeenCall> {
    return this.api.expect(method, path, (response, { body }) => {
      const sent = body as Manifest;
      this.#answer(response, { ...sent, metadata: { ...sent.metadata, ...extra } }, base);
    });
  }

  #answer(response: ServerResponse, sent: Manifest, base: KubeObject | undefined): void {
    const answer = this.stored({ ...base, ...sent, metadata: { ...base?.metadata, ...sent.metadata } });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
}

function unannounced(uri: string): Promise<never> {
  return Promise.reject(new Error(`no fetch of ${uri} was announced`));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
