import type { KubeObject } from '@sekisho/kube';
import { type Labels, labelSets, type Surroundings, selectsAll, targetOf } from '@sekisho/policy';
import { toIstioObject } from '../resources.ts';
import { labelKeys, type ObservedViews } from './observed.ts';

/** Reads caches only, and of each only what the policy's labels lead to. */
export function surroundingsOf(observed: ObservedViews, policy: KubeObject, rootNamespace: string): Surroundings {
  const { namespace } = policy.metadata;
  const workloads = reached(observed, policy);
  const labels = distinctLabels(workloads);
  const services = new Set(
    labels.flatMap((own) => labelKeys(namespace, own).flatMap((key) => observed.services.store.by('label', key))),
  );
  const namespaces = [...new Set([namespace ?? '', rootNamespace])];
  const foreign = observed.foreign.flatMap(({ store }) => namespaces.flatMap((each) => store.by('namespace', each)));
  return {
    workloads: { selected: workloads.length, labels },
    services: [...services],
    foreign: foreign.flatMap((object) => toIstioObject(object) ?? []),
  };
}

/** Workloads that any label set of the policy's target selects. */
function reached(observed: ObservedViews, { metadata, spec }: KubeObject): readonly KubeObject[] {
  const target = targetOf(spec);
  const sets = target === undefined ? [] : labelSets(target);
  return [...new Set(sets.flatMap((wanted) => selectedBy(observed, metadata.namespace, wanted)))];
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
