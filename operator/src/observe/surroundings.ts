import type { KubeObject } from '@sekisho/kube';
import { type Labels, labelSets, type Surroundings, selectsAll } from '@sekisho/policy';
import { type CacheViews, generatedBy } from '../caches.ts';
import { labelKeys, owningPolicies, targetsOf } from '../references.ts';
import { toIstioObject } from '../resources.ts';
import type { ObservedViews } from './observed.ts';
import { workloadProxyOf } from './prune.ts';

interface Views {
  readonly observed: ObservedViews;
  readonly caches: CacheViews;
}

/** Reads caches only, and of each only what the policy's labels lead to. */
export function surroundingsOf(views: Views, policy: KubeObject, rootNamespace: string): Surroundings {
  const { observed } = views;
  const { namespace } = policy.metadata;
  const workloads = reached(observed, policy);
  const labels = distinctLabels(workloads);
  const services = new Set(
    labels.flatMap((own) => labelKeys(namespace, own).flatMap((key) => observed.services.store.by('label', key))),
  );
  const namespaces = [...new Set([namespace ?? '', rootNamespace])];
  const foreign = [
    ...observed.foreign.flatMap(({ store }) => namespaces.flatMap((each) => store.by('namespace', each))),
    // Whoever copied a generated object has one of his own, whatever its labels say.
    ...namespaces.flatMap((each) => generatedBy(views.caches, 'unowned', each)),
    ...crossing(views, policy),
  ];
  return {
    workloads: { selected: workloads.length, labels, proxies: workloads.map(workloadProxyOf) },
    services: [...services],
    foreign: [...new Set(foreign)].flatMap((object) => toIstioObject(object) ?? []),
  };
}

/**
 * Of a policy for Gateways, what other ServiceAuthPolicies of the namespace select by labels: some of these the proxies may carry,
 * which no comparison of targets foresees.
 */
function crossing({ caches }: Views, policy: KubeObject): readonly KubeObject[] {
  const { namespace, uid } = policy.metadata;
  if (!targetsOf(policy).some((target) => 'targetRefs' in target)) return [];
  const generated = caches.generated.AuthorizationPolicy.store.by('namespace', namespace ?? '');
  return generated.filter((object) => owningPolicies(object).every((owner) => owner.uid !== uid));
}

/** Workloads that any label set of the policy's target selects. */
function reached(observed: ObservedViews, policy: KubeObject): readonly KubeObject[] {
  const sets = targetsOf(policy).flatMap(labelSets);
  return [...new Set(sets.flatMap((wanted) => selectedBy(observed, policy.metadata.namespace, wanted)))];
}

/** Workloads of a namespace that carry all of these labels; none where none is named. */
export function selectedBy(
  { workloads }: ObservedViews,
  namespace: string | undefined,
  wanted: Labels,
): readonly KubeObject[] {
  const [key] = labelKeys(namespace, wanted);
  if (key === undefined) return [];
  const candidates = workloads.flatMap(({ store }) => store.by('label', key));
  return candidates.filter(({ metadata }) => selectsAll(wanted, metadata.labels ?? {}));
}

/** The replicas of a workload carry the same labels: each set once. */
export function distinctLabels(workloads: readonly KubeObject[]): readonly Labels[] {
  const sets = workloads.map(({ metadata }) => metadata.labels ?? {});
  return [...new Map(sets.map((labels) => [JSON.stringify(labels), labels])).values()];
}
