import { Informer, type KubeObject, type Resource } from '@sekisho/kube';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type CacheOptions, watching } from '../caches.ts';

/** One process of istiod, and the base URL of its debug interface. */
export interface Replica {
  readonly name: string;
  readonly url: string;
}

/** Which replicas of istiod there are: a proxy is connected to one of them, and no other knows it. */
export interface ReplicaSource {
  replicas(): readonly Replica[];
  /** Runs until `signal` aborts; never throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** A list that does not change, for an istiod outside a cluster. */
export function fixedReplicas(urls: readonly string[]): ReplicaSource {
  const replicas = urls.map((url) => ({ name: new URL(url).host, url }));
  return { replicas: () => replicas, run: () => Promise.resolve() };
}

const ENDPOINT_SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/** Of istiod's Service (manifests/charts/istio-control/istio-discovery/templates/service.yaml). */
const PORT = { name: 'http-monitoring', number: 15014 };
/** More replicas than any mesh has: what a look costs is bounded. */
const MAX_REPLICAS = 64;

const Endpoint = Type.Object({
  addresses: Type.Array(Type.String({ maxLength: 253 }), { minItems: 1 }),
  conditions: Type.Optional(
    Type.Object({ ready: Type.Optional(Type.Boolean()), serving: Type.Optional(Type.Boolean()) }),
  ),
  targetRef: Type.Optional(Type.Object({ name: Type.Optional(Type.String()), uid: Type.Optional(Type.String()) })),
});
const Port = Type.Object({ name: Type.Optional(Type.String()), port: Type.Optional(Type.Integer()) });

/**
 * The replicas behind istiod's Services, as EndpointSlices show them; these carry the labels of their Service, so that one
 * selector finds every revision. One that is about to end still serves its proxies, and is asked as long as it does.
 */
export function discoveredReplicas(
  options: CacheOptions,
  { namespace, labelSelector }: { readonly namespace: string; readonly labelSelector: string },
): ReplicaSource {
  const informer = new Informer({
    ...watching(options, 'EndpointSlices of istiod'),
    resource: ENDPOINT_SLICES,
    namespace,
    labelSelector,
    indexes: {},
  });
  return {
    replicas: () => replicasIn(informer.store.list()),
    run: (signal) => informer.run(signal),
  };
}

/** A pod may stand in several slices: of several Services, and of IPv4 and IPv6. */
export function replicasIn(slices: readonly KubeObject[]): readonly Replica[] {
  const found = slices.flatMap((slice) => {
    const port = portOf(slice['ports']);
    return listOf(slice['endpoints'], Endpoint)
      .filter(({ conditions }) => (conditions?.serving ?? conditions?.ready) !== false)
      .map((endpoint) => replicaAt(endpoint, port));
  });
  const sorted = found.sort((a, b) => (a.url < b.url ? -1 : 1)).map((replica) => [replica.key, replica] as const);
  return [...new Map(sorted).values()].slice(0, MAX_REPLICAS).map(({ name, url }) => ({ name, url }));
}

function replicaAt(
  { addresses, targetRef }: Static<typeof Endpoint>,
  port: number,
): Replica & { readonly key: string } {
  const [address = ''] = addresses;
  const host = address.includes(':') ? `[${address}]` : address;
  return { key: targetRef?.uid ?? host, name: targetRef?.name ?? address, url: `http://${host}:${port}` };
}

function portOf(ports: unknown): number {
  return listOf(ports, Port).find(({ name }) => name === PORT.name)?.port ?? PORT.number;
}

function listOf<Schema extends typeof Endpoint | typeof Port>(
  list: unknown,
  schema: Schema,
): readonly Static<Schema>[] {
  return Array.isArray(list) ? list.filter((item): item is Static<Schema> => Value.Check(schema, item)) : [];
}
