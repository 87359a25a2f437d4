import type { KubeObject } from '@sekisho/kube';
import { GROUP, labelSets, mayMeet, POLICY_KIND, type Target, targetOf } from '@sekisho/policy';
import { isRecord } from './resources.ts';

/** Index value of the policies that name no issuer and so use the default one. */
export const DEFAULT_ISSUER = '';

/** Names of the issuers that a policy uses, before any parsing: a broken policy must hear of its issuers too. */
export function issuerNames(policy: KubeObject): readonly string[] {
  const named = isRecord(policy.spec) ? policy.spec['issuers'] : undefined;
  const names = Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
  return names.length === 0 ? [DEFAULT_ISSUER] : names;
}

export function isDefaultIssuer(issuer: KubeObject): boolean {
  return isRecord(issuer.spec) && issuer.spec['default'] === true;
}

/** What a policy, or an object made from one, is for in its namespace; none when that cannot be read. */
export function targetsOf({ spec }: KubeObject): readonly Target[] {
  const target = targetOf(spec);
  return target === undefined ? [] : [target];
}

/** `namespace/label=value` of each label that a policy selects by. */
export function selectedLabels(policy: KubeObject): readonly string[] {
  const sets = targetsOf(policy).flatMap(labelSets);
  return sets.flatMap((labels) => labelKeys(policy.metadata.namespace, labels));
}

export function labelKeys(namespace: string | undefined, labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).map(([label, value]) => `${namespace}/${label}=${value}`);
}

/** The objects whose targets may meet this one. */
export function meeting(objects: readonly KubeObject[], target: Target): readonly KubeObject[] {
  return objects.filter((object) => targetsOf(object).some((own) => mayMeet(own, target)));
}

/**
 * Policies that may meet one of these targets, or meet a policy that does, and so on: whether a rival governs a
 * workload depends on the rival's own rivals. Where selectors name one common label, that is once through the list.
 */
export function related(policies: readonly KubeObject[], targets: readonly Target[]): readonly KubeObject[] {
  const found = new Set<KubeObject>();
  const reached = [...targets];
  let rest = policies;
  // An array that grows while it is iterated brings the new targets too.
  for (const target of reached) {
    const met = meeting(rest, target);
    if (met.length === 0) continue;
    for (const policy of met) found.add(policy);
    rest = rest.filter((policy) => !found.has(policy));
    reached.push(...met.flatMap(targetsOf));
  }
  return [...found];
}

export interface OwningPolicy {
  readonly uid: string;
  readonly key: string;
}

/** The policies that an object names as its owners. */
export function owningPolicies({ metadata }: KubeObject): readonly OwningPolicy[] {
  return (metadata.ownerReferences ?? [])
    .filter(({ apiVersion, kind }) => kind === POLICY_KIND && apiVersion.startsWith(`${GROUP}/`))
    .map(({ uid, name }) => ({ uid, key: `${metadata.namespace}/${name}` }));
}
