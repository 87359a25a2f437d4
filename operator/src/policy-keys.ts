import { type Change, type KubeObject, keyOf } from '@sekisho/kube';
import type { Caches } from './caches.ts';
import { DEFAULT_ISSUER, isDefaultIssuer, owningPolicies, selectedLabels } from './references.ts';

/** A policy concerns itself, and, when more than its status changed, those that may select the same workload. */
export function keysOfPolicy({ policies }: Caches, change: Change): readonly string[] {
  if (sameSpec(change)) return [change.key];
  const labels = sides(change).flatMap(selectedLabels);
  const rivals = labels.flatMap((label) => policies.store.by('label', label)).map(({ metadata }) => keyOf(metadata));
  return [change.key, ...rivals];
}

/** An issuer concerns every policy that names it, or that names none while it is the default. */
export function keysOfIssuer(caches: Caches, change: Change): readonly string[] {
  if (sameSpec(change)) return [];
  return policiesUsing(caches, change.key, sides(change).some(isDefaultIssuer)).map(({ metadata }) => keyOf(metadata));
}

/** A generated object concerns the policies that own it now or did before. */
export function keysOfGenerated(change: Change): readonly string[] {
  return sides(change).flatMap((object) => owningPolicies(object).map(({ key }) => key));
}

export function policiesUsing({ policies }: Caches, issuer: string, isDefault: boolean): readonly KubeObject[] {
  return [...policies.store.by('issuer', issuer), ...(isDefault ? policies.store.by('issuer', DEFAULT_ISSUER) : [])];
}

function sides({ before, after }: Change): readonly KubeObject[] {
  return [before, after].filter((side) => side !== undefined);
}

/** The API server raises `generation` with every change outside metadata and status. */
function sameSpec({ before, after }: Change): boolean {
  const [a, b] = [before?.metadata, after?.metadata];
  return a !== undefined && b !== undefined && a.uid === b.uid && a.generation === b.generation;
}
