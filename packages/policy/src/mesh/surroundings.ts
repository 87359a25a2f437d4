import type { WorkloadProxy } from '../enforcement/sight.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import { type Labels, selectsAll } from '../target.ts';
import { GATEWAY } from '../vocabulary.ts';

/** What stands around a policy in the cluster. */
export interface Surroundings {
  /** Pods and WorkloadEntries that the target reaches, and each different set of their labels. */
  readonly workloads: {
    readonly selected: number;
    readonly labels: readonly Labels[];
    readonly proxies: readonly WorkloadProxy[];
  };
  /** Services of the policy's namespace. */
  readonly services: readonly RawObject[];
  /** Istio's policies of the same and of the root namespace that did not come from a ServiceAuthPolicy. */
  readonly foreign: readonly IstioObject[];
}

/**
 * Whether istiod applies one of its policies to a workload of the same namespace, or of any when the policy is in the root namespace
 * (pilot/pkg/model/policyattachment.go).
 */
export function attaches({ spec, metadata }: IstioObject, workload: Labels, namespace: string | undefined): boolean {
  const { selector, targetRefs }: { selector?: unknown; targetRefs?: unknown } = spec;
  if (!Array.isArray(targetRefs) || targetRefs.length === 0) return selectsAll(matchLabels(selector), workload);
  const gateway = workload[GATEWAY.nameLabel];
  if (gateway === undefined || metadata.namespace !== namespace) return false;
  return targetRefs.some((ref: unknown) => isGateway(Object(ref), gateway));
}

function isGateway(
  { group, kind, name }: { group?: unknown; kind?: unknown; name?: unknown },
  gateway: string,
): boolean {
  return group === GATEWAY.group && kind === GATEWAY.kind && name === gateway;
}

/** Whether it names workloads; one that does not is for its whole namespace, or the whole mesh. */
export function isNarrow({ spec }: IstioObject): boolean {
  return Object.keys(matchLabels(spec['selector'])).length > 0 || spec['targetRefs'] !== undefined;
}

function matchLabels(selector: unknown): Labels {
  const { matchLabels: labels }: { matchLabels?: Labels } = Object(selector);
  return labels ?? {};
}
