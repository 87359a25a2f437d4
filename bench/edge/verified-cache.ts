import { type Cluster, remove, waitFor } from '@sekisho/test-e2e/mesh';

const FILTER = 'envoy.filters.http.jwt_authn';
const TYPE = 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication';
const SIZE = 1_000;
const WAIT = { timeout: 60_000 };

export interface CachedWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly context: 'SIDECAR_INBOUND' | 'GATEWAY';
  readonly envoyAdmin: string;
}

type Providers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Has an Envoy remember which tokens it verified, by the setting that Istio has no field for. A measurement only: the patch takes the
 * place of the whole provider, its keys too, and stays as it is when istiod writes others.
 */
export async function withVerifiedCache(cluster: Cluster, workload: CachedWorkload): Promise<AsyncDisposable> {
  const { envoyAdmin, namespace, labels, context } = workload;
  const cached = Object.fromEntries(
    Object.entries(await providersOf(envoyAdmin)).map(([name, provider]) => [
      name,
      { ...provider, jwt_cache_config: { jwt_cache_size: SIZE } },
    ]),
  );
  const filter = {
    ...{
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'bench-cache', namespace },
    },
    spec: { workloadSelector: { labels }, configPatches: [patch(context, cached)] },
  };
  await cluster.apply([filter]);
  const isCached = async () => JSON.stringify(await providersOf(envoyAdmin)).includes('jwt_cache_config');
  await waitFor('the Envoy remembers tokens', isCached, WAIT);
  return {
    async [Symbol.asyncDispose]() {
      await remove(cluster, filter);
      await waitFor('the Envoy remembers no tokens', async () => !(await isCached()), WAIT);
    },
  };
}

function patch(context: CachedWorkload['context'], providers: Providers) {
  const value = { name: FILTER, typed_config: { '@type': TYPE, providers } };
  const filterChain = {
    filter: { name: 'envoy.filters.network.http_connection_manager', subFilter: { name: FILTER } },
  };
  return {
    applyTo: 'HTTP_FILTER',
    match: { context, listener: { filterChain } },
    patch: { operation: 'MERGE', value },
  };
}

/** As istiod wrote them. */
async function providersOf(envoyAdmin: string): Promise<Providers> {
  const dump: unknown = await (await fetch(`${envoyAdmin}/config_dump?resource=dynamic_listeners`)).json();
  const found = findFilter(dump);
  if (found === undefined) throw new Error('the Envoy verifies no tokens');
  return found;
}

function findFilter(node: unknown): Providers | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  if ('name' in node && node.name === FILTER && 'typed_config' in node) {
    return (node.typed_config as { readonly providers?: Providers }).providers;
  }
  for (const child of Object.values(node)) {
    const found = findFilter(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
