import {
  type Clock,
  Informer,
  type InformerOptions,
  type KubeClient,
  type KubeObject,
  type Random,
} from '@sekisho/kube';
import { LABEL, MANAGED_BY, readPolicyStatus } from '@sekisho/policy';
import { RESOURCES, type ResourceName } from './resources.ts';
import type { Routing } from './routing.ts';

export interface RouteWatchOptions {
  readonly client: KubeClient;
  readonly routing: Routing;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of failed lists and watches; what was known stays in force. */
  readonly onError: (kind: string, error: unknown) => void;
  readonly onRecovered: (kind: string) => void;
}

export interface RouteWatch {
  /** Whether everything was read once, and the routing made of it. Stays true. */
  readonly ready: boolean;
  start(): void;
  /** Resolves when no watch is open any more. */
  stop(): Promise<void>;
}

/** Changes that come together, as those of one `kubectl apply`, are taken together. */
const GATHER_MS = 20;

/** Keeps a routing as the API server has it. While that is away everything stays as it was. */
export function createRouteWatch(options: RouteWatchOptions): RouteWatch {
  const { routing, clock } = options;
  const stopping = new AbortController();
  const informers = createInformers(options);
  const all = Object.values(informers);
  let cancel: (() => void) | undefined;
  let ready = false;
  let running: Promise<unknown> = Promise.resolve();

  const update = () => {
    cancel = undefined;
    try {
      routing.update(stateOf(informers));
      ready = true;
    } catch (error) {
      // A defect: better the routes of before than none.
      options.onError('routing', error);
    }
  };
  const changed = () => {
    // Half of it would close routes whose policy is not read yet.
    if (all.every(({ hasSynced }) => hasSynced)) cancel ??= clock.after(ready ? GATHER_MS : 0, update);
  };
  return {
    get ready() {
      return ready;
    },
    start() {
      for (const informer of all) {
        informer.subscribe(changed);
        void informer.synced().then(changed);
      }
      running = Promise.all(all.map((informer) => informer.run(stopping.signal)));
    },
    async stop() {
      cancel?.();
      stopping.abort();
      await running;
    },
  };
}

type Informers = Readonly<Record<ResourceName, Informer>>;

function createInformers({ client, clock, random, onError, onRecovered }: RouteWatchOptions): Informers {
  const informer = (name: ResourceName, more: Partial<InformerOptions<never>> = {}) => {
    const resource = RESOURCES[name];
    return new Informer({
      ...{ client, clock, random, resource, prune, indexes: {}, ...more },
      onError: (error) => onError(resource.kind, error),
      onRecovered: () => onRecovered(resource.kind),
    });
  };
  return {
    gateways: informer('gateways'),
    routes: informer('routes'),
    grants: informer('grants'),
    services: informer('services'),
    namespaces: informer('namespaces'),
    policies: informer('policies', { prune: prunePolicy }),
    issuers: informer('issuers'),
    keys: informer('keys', { labelSelector: `${LABEL.managedBy}=${MANAGED_BY}` }),
  };
}

/** What others note about an object decides nothing here. */
function prune({ status: _, ...object }: KubeObject): KubeObject {
  const { managedFields: __, annotations: ___, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Of a policy's status only what tells for which service it is in force. */
function prunePolicy(policy: KubeObject): KubeObject {
  const { service, objects } = readPolicyStatus(policy.status);
  return {
    ...prune(policy),
    status: { ...(service !== undefined && { service }), objects: objects?.slice(0, 1) ?? [] },
  };
}

function stateOf({ gateways, routes, grants, services, namespaces, policies, issuers, keys }: Informers) {
  return {
    gateways: gateways.store.list(),
    routes: routes.store.list(),
    grants: grants.store.list(),
    service: ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
      services.store.get(`${namespace}/${name}`),
    namespace: (name: string) => namespaces.store.get(name),
    policies: policies.store.list(),
    issuers: issuers.store.list(),
    keys: keys.store.list(),
  };
}
