import type { KubeObject } from '@sekisho/kube';
import { GROUP, type Labels, mayMeet, POLICY_KIND, selectionOf } from '@sekisho/policy';
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

/** What a policy, or an object made from one, selects in its namespace; none when that cannot be read. */
export function selectionsOf({ spec }: KubeObject): readonly Labels[] {
  const selector = selectionOf(spec);
  return selector === undefined ? [] : [selector.matchLabels];
}

/** The objects of which a selection may meet this one. */
export function meeting(objects: readonly KubeObject[], labels: Labels): readonly KubeObject[] {
  return objects.filter((object) => selectionsOf(object).some((own) => mayMeet(own, labels)));
}

/**
 * Policies that may meet one of these selections, or meet a policy that does, and so on: whether a rival governs a
 * workload depends on the rival's own rivals. Where selectors name one common label, that is once through the list.
 */
export function related(policies: readonly KubeObject[], selections: readonly Labels[]): readonly KubeObject[] {
  const found = new Set<KubeObject>();
  const reached = [...selections];
  let rest = policies;
  // An array that grows while it is iterated brings the new selections too.
  for (const labels of reached) {
    const met = meeting(rest, labels);
    if (met.length === 0) continue;
    for (const policy of met) found.add(policy);
    rest = rest.filter((policy) => !found.has(policy));
    reached.push(...met.flatMap(selectionsOf));
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
