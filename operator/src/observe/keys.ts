import { type Change, type KubeObject, keyOf } from '@sekisho/kube';
import { type Labels, labelSets, selectsAll } from '@sekisho/policy';
import type { CacheViews } from '../caches.ts';
import { labelKeys, owningPolicies, targetsOf } from '../references.ts';
import { type ObservedViews, serviceSelector } from './observed.ts';
import { workloadProxyOf } from './prune.ts';
import { distinctLabels, selectedBy } from './surroundings.ts';

/** A workload that comes, goes, is relabelled or begins to run concerns the policies that select by one of its labels. */
export function keysOfWorkload(caches: CacheViews, change: Change): readonly string[] {
  if (same(change, ({ metadata, spec }) => [metadata.labels, spec])) return [];
  return unique(
    sides(change).flatMap(({ metadata }) => policiesFor(caches, metadata.namespace, metadata.labels ?? {})),
  );
}

/** Policies that select a workload from now on which ran before. */
export function keysOfRelabelled(caches: CacheViews, change: Change): readonly string[] {
  const { before, after } = change;
  if (before === undefined || after === undefined || before.metadata.uid !== after.metadata.uid) return [];
  if ([before, after].some((side) => workloadProxyOf(side).state !== 'proxied')) return [];
  if (same(change, ({ metadata }) => metadata.labels)) return [];
  const { namespace, labels = {} } = after.metadata;
  return unique(policiesFor(caches, namespace, labels)).filter((key) => {
    const policy = caches.policies.store.get(key);
    return policy !== undefined && selects(policy, after) && !selects(policy, before);
  });
}

function selects(policy: KubeObject, { metadata }: KubeObject): boolean {
  return targetsOf(policy)
    .flatMap(labelSets)
    .some((wanted) => selectsAll(wanted, metadata.labels ?? {}));
}

/** A Service concerns the policies of the workloads that it reaches. */
export function keysOfService(caches: CacheViews, observed: ObservedViews, change: Change): readonly string[] {
  if (same(change, ({ spec }) => spec)) return [];
  return unique(
    sides(change).flatMap((service) => {
      const { namespace } = service.metadata;
      const workloads = selectedBy(observed, namespace, serviceSelector(service));
      return distinctLabels(workloads).flatMap((labels) => policiesFor(caches, namespace, labels));
    }),
  );
}

/** A policy of somebody else concerns all of its namespace; in the mesh's root namespace, everybody. */
export function keysOfForeign({ policies }: CacheViews, rootNamespace: string, change: Change): readonly string[] {
  if (same(change, ({ spec, metadata }) => [spec, metadata.annotations])) return [];
  const namespace = sides(change)[0]?.metadata.namespace ?? '';
  const concerned = namespace === rootNamespace ? policies.store.list() : policies.store.by('namespace', namespace);
  return concerned.map(({ metadata }) => keyOf(metadata));
}

/** The same for an object that carries our label without belonging to any policy. */
export function keysOfUnowned(caches: CacheViews, rootNamespace: string, change: Change): readonly string[] {
  const isOwned = sides(change).some((object) => owningPolicies(object).length > 0);
  return isOwned ? [] : keysOfForeign(caches, rootNamespace, change);
}

function policiesFor({ policies }: CacheViews, namespace: string | undefined, labels: Labels): readonly string[] {
  return labelKeys(namespace, labels).flatMap((key) =>
    policies.store.by('label', key).map(({ metadata }) => keyOf(metadata)),
  );
}

function sides({ before, after }: Change): readonly KubeObject[] {
  return [before, after].filter((side) => side !== undefined);
}

/** What of an object matters is small, and comes in the API server's order. */
function same({ before, after }: Change, part: (object: KubeObject) => unknown): boolean {
  return before !== undefined && after !== undefined && JSON.stringify(part(before)) === JSON.stringify(part(after));
}

function unique(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)];
}
