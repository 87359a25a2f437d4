import type { BackoffBounds } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import type { KubeObject } from './object.ts';
import { Reflector, type ReflectorOptions, type Sink, type Source } from './reflector.ts';
import type { Resource } from './resource.ts';
import { type Change, Store, type StoreView } from './store.ts';
import type { IndexFunction } from './store-index.ts';
import { isOlderVersion } from './version.ts';

export interface InformerOptions<Index extends string> {
  readonly client: KubeClient;
  readonly resource: Resource;
  /** @default all namespaces */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** What is kept of each object, with its name and resourceVersion. @default all of it */
  readonly prune?: ((object: KubeObject) => KubeObject) | undefined;
  readonly indexes: Readonly<Record<Index, IndexFunction>>;
  /** Told of failed lists and watches (the informer goes on) and of handlers that throw. */
  readonly onError: (error: unknown) => void;
  /** Told once when a list or watch works again after failures. */
  readonly onRecovered?: () => void;
  /** @default 250 ms to 10 s */
  readonly backoff?: BackoffBounds;
  /** Silence after which a watch counts as dead. @default 150 s */
  readonly idleMs?: number;
  /** @default 500 */
  readonly pageSize?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * A local copy of all objects of one kind, and a call for each change of it. Survives everything the API server or the
 * network does; a kind that is not installed yet is waited for.
 */
export class Informer<Index extends string = never> {
  readonly #options: InformerOptions<Index>;
  readonly #store: Store<Index>;
  readonly #handlers: ((change: Change) => void)[] = [];
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  /** Version up to which the store tells everything that the API server did. */
  #seen: string | undefined;

  constructor(options: InformerOptions<Index>) {
    this.#options = options;
    this.#store = new Store(options.indexes);
  }

  get store(): StoreView<Index> {
    return this.#store;
  }

  /** Whether the first list is in the store and its changes were handed out. Stays true. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves with `hasSynced`. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Handlers are called in order, synchronously. One that throws is reported and hurts no other. */
  subscribe(handler: (change: Change) => void): void {
    this.#handlers.push(handler);
  }

  /**
   * Takes over the answer of an own write, so that the next read sees it before the watch brings it. When the watch is
   * past that version the answer is old news: the object may be deleted since, and would stay here as a ghost.
   */
  record(object: KubeObject): void {
    if (isOlderVersion(this.#seen, object.metadata.resourceVersion)) this.#tell(this.#store.put(this.#pruned(object)));
  }

  /** The same for an object that an own call deleted. */
  forget(object: KubeObject): void {
    this.#tell(this.#store.remove(object));
  }

  /** Runs until `signal` aborts; never throws. */
  run(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const scope = { namespace, labelSelector, fieldSelector };
    const source: Source = {
      list: (query, aborted) => client.list(resource, { ...query, ...scope }, { signal: aborted }),
      watch: (query, aborted) => client.watch(resource, { ...query, ...scope }, { signal: aborted }),
    };
    return new Reflector(source, this.#sink(), this.#reflectorOptions()).run(signal);
  }

  #reflectorOptions(): ReflectorOptions {
    const { clock, random, onError, onRecovered, backoff, idleMs, pageSize } = this.#options;
    return {
      clock: clock ?? systemClock,
      random: random ?? Math.random,
      onError,
      onRecovered: onRecovered ?? (() => undefined),
      backoff: backoff ?? { baseMs: 250, maxMs: 10_000 },
      idleMs: idleMs ?? 150_000,
      pageSize: pageSize ?? 500,
    };
  }

  #sink(): Sink {
    return {
      replace: (list) => {
        this.#seen = list.resourceVersion;
        for (const change of this.#store.replace(list.items.map((item) => this.#pruned(item)))) this.#tell(change);
        this.#hasSynced = true;
        this.#synced.resolve();
      },
      event: (event) => {
        this.#seen = event.object.metadata.resourceVersion;
        const object = this.#pruned(event.object);
        this.#tell(event.type === 'DELETED' ? this.#store.remove(object) : this.#store.put(object));
      },
    };
  }

  #pruned(object: KubeObject): KubeObject {
    return this.#options.prune?.(object) ?? object;
  }

  #tell(change: Change | undefined): void {
    if (change === undefined) return;
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }
}
