import { setTimeout as delay } from 'node:timers/promises';
import { GoneError, type KubeClient, KubeError, type KubeObject, keyOf, type Resource } from '@sekisho/kube';
import type { IstioObject } from '@sekisho/policy';
import { expect, vi } from 'vitest';
import { GENERATED, toIstioObject } from '../resources.ts';

interface Step {
  readonly version: bigint;
  readonly id: string;
  /** Undefined: it was deleted. */
  readonly object: IstioObject | undefined;
}

/**
 * Every state that an API server had of the generated objects of one namespace, in order: one etcd counts all changes in one
 * sequence, so the watches of three kinds can be put together again. Between two states there is nothing that a proxy could see.
 */
export class History {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #stop = new AbortController();
  readonly #steps: Step[] = [];
  readonly #held = new Map<string, KubeObject>();
  #watching: Promise<unknown> = Promise.resolve();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** Begins to write down; resolves when the state of now is in it. */
  async start(): Promise<void> {
    const listed = Object.values(GENERATED).map(async (resource) => ({ resource, from: await this.#list(resource) }));
    const begun = await Promise.all(listed);
    this.#watching = Promise.all(begun.map(({ resource, from }) => this.#follow(resource, from)));
  }

  /** The states of the objects for the workloads with this label `app`, until now. */
  async states(app: string): Promise<readonly (readonly IstioObject[])[]> {
    const held = new Map<string, IstioObject>();
    const states: (readonly IstioObject[])[] = [];
    for (const { id, object } of await this.#ordered()) {
      const concerned = appOf(object) === app || appOf(held.get(id)) === app;
      if (object === undefined) held.delete(id);
      else held.set(id, object);
      if (concerned) states.push([...held.values()].filter((one) => appOf(one) === app));
    }
    return states;
  }

  /** All objects as they were at a version. */
  async at(version: string): Promise<readonly IstioObject[]> {
    const held = new Map<string, IstioObject>();
    for (const step of await this.#ordered()) {
      if (step.version > BigInt(version)) break;
      if (step.object === undefined) held.delete(step.id);
      else held.set(step.id, step.object);
    }
    return [...held.values()];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  /** Waits until it has seen all that happened until now. */
  async #ordered(): Promise<readonly Step[]> {
    await vi.waitFor(() => this.#caughtUp(), 90_000);
    return this.#steps.toSorted((a, b) => (a.version < b.version ? -1 : 1));
  }

  async #caughtUp(): Promise<void> {
    const versions = (objects: Iterable<KubeObject>) =>
      [...objects].map((object) => `${idOf(object)} ${object.metadata.resourceVersion}`).sort();
    const query = { namespace: this.#namespace };
    const lists = await Promise.all(Object.values(GENERATED).map((resource) => this.#client.list(resource, query)));
    expect(versions(this.#held.values())).toEqual(versions(lists.flatMap(({ items }) => items)));
  }

  async #follow(resource: Resource, from: string): Promise<void> {
    const { signal } = this.#stop;
    for (let version = from; !signal.aborted; ) {
      try {
        const query = { namespace: this.#namespace, resourceVersion: version };
        for await (const event of this.#client.watch(resource, query, { signal })) {
          version =
            event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? version);
          if (event.type !== 'BOOKMARK') this.#take(event.object, event.type === 'DELETED' ? undefined : event.object);
        }
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        await delay(100);
        // A server that was started anew knows nothing of before; while it was away nothing was written.
        if (error instanceof GoneError) version = await this.#list(resource);
      }
    }
  }

  async #list(resource: Resource): Promise<string> {
    const { items, resourceVersion } = await this.#client.list(resource, { namespace: this.#namespace });
    const listed = new Map(items.map((object) => [idOf(object), object]));
    for (const [id, object] of this.#held) {
      if (object.kind !== resource.kind || listed.has(id)) continue;
      this.#take({ ...object, metadata: { ...object.metadata, resourceVersion } }, undefined);
    }
    for (const [id, object] of listed) {
      if (this.#held.get(id)?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#take(object, object);
    }
    return resourceVersion;
  }

  #take(told: KubeObject, object: KubeObject | undefined): void {
    const id = idOf(told);
    const version = BigInt(told.metadata.resourceVersion ?? 0);
    this.#steps.push({ version, id, object: object && toIstioObject(object) });
    if (object) this.#held.set(id, object);
    else this.#held.delete(id);
  }
}

function idOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${keyOf(metadata)}`;
}

function appOf(object: IstioObject | undefined): unknown {
  const selector: { matchLabels?: { app?: unknown } } = Object(object?.spec['selector']);
  return selector.matchLabels?.app;
}
