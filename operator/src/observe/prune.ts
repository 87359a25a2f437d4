import { isRecord, type KubeObject } from '@sekisho/kube';
import type { WorkloadProxy } from '@sekisho/policy';

type Fields = Readonly<Record<string, unknown>>;

/** Of a Pod, its labels and its proxy: a Pod is 10 KB and more, and changes its status all the time. */
export function prunePod(pod: KubeObject): KubeObject {
  return keep(pod, PROXY[proxyOf(pod)]);
}

type ProxyState = WorkloadProxy['state'];

/** One object for all workloads alike. */
const PROXY: Readonly<Record<ProxyState, { readonly proxy: ProxyState }>> = {
  proxied: { proxy: 'proxied' },
  starting: { proxy: 'starting' },
  bare: { proxy: 'bare' },
};

/** Injected sidecars and gateways have a container of this name, native sidecars an init container. */
const CONTAINER = 'istio-proxy';

function proxyOf({ spec, status }: KubeObject): ProxyState {
  const lists = isRecord(spec) ? [spec['containers'], spec['initContainers']] : [];
  const containers: readonly unknown[] = lists.flatMap((list): readonly unknown[] => (Array.isArray(list) ? list : []));
  if (!containers.some((container) => isRecord(container) && container['name'] === CONTAINER)) return 'bare';
  return isRecord(status) && status['phase'] === 'Pending' ? 'starting' : 'proxied';
}

/** What `prunePod` and `pruneWorkloadEntry` kept of the proxy. */
export function workloadProxyOf({ metadata, spec }: KubeObject): WorkloadProxy {
  const state = isRecord(spec) ? spec['proxy'] : undefined;
  const known = state === 'proxied' || state === 'starting' ? state : 'bare';
  return { id: `${metadata.name}.${metadata.namespace ?? 'default'}`, state: known };
}

/** Of a WorkloadEntry, its labels: those of its spec under those of its metadata, as istiod merges them. */
export function pruneWorkloadEntry(entry: KubeObject): KubeObject {
  const own = isRecord(entry.spec) && isRecord(entry.spec['labels']) ? entry.spec['labels'] : {};
  const texts = Object.entries(own).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const labels = { ...Object.fromEntries(texts), ...entry.metadata.labels };
  return keep(
    { ...entry, metadata: { ...entry.metadata, labels } },
    PROXY[hasProxy(entry, labels) ? 'proxied' : 'bare'],
  );
}

/**
 * Whether istiod takes a WorkloadEntry to stand for a machine with a proxy (pilot/pkg/serviceregistry/serviceentry/conversion.go,
 * getTLSModeFromWorkloadEntry): by the label, else by the ServiceAccount, which there is "if a sidecar is present". Whether the proxy runs,
 * only istiod knows.
 */
function hasProxy({ spec }: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const mode = labels['security.istio.io/tlsMode'];
  if (mode !== undefined) return mode === 'istio';
  return isRecord(spec) && typeof spec['serviceAccount'] === 'string' && spec['serviceAccount'] !== '';
}

export function pruneService(service: KubeObject): KubeObject {
  return keep(service, pick(service.spec, ['selector', 'ports']));
}

/** Of a policy of somebody else, what it applies to and whether it has rules; not the rules and keys themselves. */
export function pruneForeign(policy: KubeObject): KubeObject {
  const spec = pick(policy.spec, ['selector', 'targetRefs', 'action', 'provider', 'mtls']);
  const hasRules = isRecord(policy.spec) && Array.isArray(policy.spec['rules']) && policy.spec['rules'].length > 0;
  const dryRun = policy.metadata.annotations?.[DRY_RUN];
  const annotations = dryRun === undefined ? {} : { [DRY_RUN]: dryRun };
  return keep(policy, { ...spec, ...(hasRules && { rules: [{}] }) }, annotations);
}

const DRY_RUN = 'istio.io/dry-run';

function keep(
  { apiVersion, kind, metadata }: KubeObject,
  spec: Fields | undefined,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const { name, namespace, uid, resourceVersion, labels } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(labels !== undefined && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    ...(spec !== undefined && { spec }),
  };
}

function pick(spec: unknown, names: readonly string[]): Fields {
  const fields = isRecord(spec) ? Object.entries(spec) : [];
  return Object.fromEntries(fields.filter(([name]) => names.includes(name)));
}
