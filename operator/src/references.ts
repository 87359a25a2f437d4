import { isRecord, type KubeObject } from '@sekisho/kube';
import { GROUP, labelSets, POLICY_KIND, type Target, targetOf } from '@sekisho/policy';

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
