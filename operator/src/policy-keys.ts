import { type Change, type KubeObject, keyOf } from '@sekisho/kube';
import { readPolicyStatus } from '@sekisho/policy';
import type { CacheViews } from './caches.ts';
import { DEFAULT_ISSUER, isDefaultIssuer, owningPolicies, targetsOf } from './references.ts';
import { meeting, namesakes, related } from './rivals.ts';

/**
 * A policy concerns itself, and those that may select the same workload: when what it asks for changes, and when it
 * becomes programmed or ceases to be, for one in conflict hands its objects over only then. One that lets go of its
 * last objects frees their workloads. The same goes for policies that
 * selected the workload before and still hold objects for it. And those of other namespaces that ask for the name of its
 * service: it is theirs once nobody has it here.
 */
export function keysOfPolicy(caches: CacheViews, change: Change): readonly string[] {
  if (sameSpec(change) && sameStanding(change)) return [change.key];
  const namespace = sides(change)[0]?.metadata.namespace ?? '';
  const targets = sides(change).flatMap(targetsOf);
  const rivals = related(caches.policies.store, namespace, targets);
  const generated = Object.values(caches.generated).map(({ store }) => store);
  const objects = targets.flatMap((target) => generated.flatMap((store) => meeting(store, namespace, target)));
  const disputing = sides(change).flatMap((side) => namesakes(caches.policies.store, side));
  const concerned = [...rivals, ...disputing].map(({ metadata }) => keyOf(metadata));
  return [...new Set([change.key, ...concerned, ...objects.flatMap(ownerKeys)])];
}

/** An issuer concerns every policy that names it, or that names none while it is the default. */
export function keysOfIssuer(caches: CacheViews, change: Change): readonly string[] {
  if (sameSpec(change)) return [];
  return policiesUsing(caches, change.key, sides(change).some(isDefaultIssuer)).map(({ metadata }) => keyOf(metadata));
}

/** A generated object concerns the policies that own it now or did before. */
export function keysOfGenerated(change: Change): readonly string[] {
  return sides(change).flatMap(ownerKeys);
}

function ownerKeys(object: KubeObject): readonly string[] {
  return owningPolicies(object).map(({ key }) => key);
}

export function policiesUsing({ policies }: CacheViews, issuer: string, isDefault: boolean): readonly KubeObject[] {
  return [...policies.store.by('issuer', issuer), ...(isDefault ? policies.store.by('issuer', DEFAULT_ISSUER) : [])];
}

function sides({ before, after }: Change): readonly KubeObject[] {
  return [before, after].filter((side) => side !== undefined);
}

/** The API server raises `generation` with every change outside metadata and status. */
export function sameSpec({ before, after }: Change): boolean {
  const [a, b] = [before?.metadata, after?.metadata];
  return a !== undefined && b !== undefined && a.uid === b.uid && a.generation === b.generation;
}

function sameStanding({ before, after }: Change): boolean {
  return standingOf(before) === standingOf(after);
}

function standingOf(policy: KubeObject | undefined): string {
  const { conditions = [], objects = [], service } = readPolicyStatus(policy?.status);
  // What is warned of, and how far proxies are, is nobody else's affair.
  const standing = conditions.filter(({ type }) => type !== 'Warning' && type !== 'Enforced');
  const said = standing.map(({ type, status, observedGeneration }) => [type, status, observedGeneration]);
  return JSON.stringify([said, objects.length > 0, service]);
}
