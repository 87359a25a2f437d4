import type { KubeObject, StoreView } from '@sekisho/kube';
import { GROUP, POLICY_KIND } from '@sekisho/policy';
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

/** `namespace/label=value` of each label that a policy, or an object made from one, selects by. */
export function selectedLabels({ metadata, spec }: KubeObject): readonly string[] {
  const selector = isRecord(spec) ? spec['selector'] : undefined;
  const labels = isRecord(selector) && isRecord(selector['matchLabels']) ? selector['matchLabels'] : {};
  return Object.entries(labels).map(([label, value]) => `${metadata.namespace}/${label}=${String(value)}`);
}

/**
 * Policies that share one of these labels, or share one with a policy that does, and so on: whether a rival governs a
 * workload depends on the rival's own rivals.
 */
export function related(policies: StoreView<'label'>, labels: readonly string[]): readonly KubeObject[] {
  const found = new Set<KubeObject>();
  const reached = new Set(labels);
  // A Set that grows while it is iterated brings the new values too.
  for (const label of reached) {
    for (const policy of policies.by('label', label)) {
      found.add(policy);
      for (const further of selectedLabels(policy)) reached.add(further);
    }
  }
  return [...found];
}

interface OwningPolicy {
  readonly uid: string;
  readonly key: string;
}

/** The policies that an object names as its owners. */
export function owningPolicies({ metadata }: KubeObject): readonly OwningPolicy[] {
  return (metadata.ownerReferences ?? [])
    .filter(({ apiVersion, kind }) => kind === POLICY_KIND && apiVersion.startsWith(`${GROUP}/`))
    .map(({ uid, name }) => ({ uid, key: `${metadata.namespace}/${name}` }));
}
