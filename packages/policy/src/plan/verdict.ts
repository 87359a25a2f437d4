import { type Compiled, compile } from '../compile/compile.ts';
import { resolveIssuers } from '../compile/issuers.ts';
import type { Refusal } from '../compile/refusal.ts';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { describeProblems, type Problem } from '../problem.ts';
import type { RawObject, ServiceAuthPolicy } from '../resources.ts';
import { governor } from './conflict.ts';
import { selectionOf } from './selection.ts';
import type { Snapshot } from './types.ts';

/** What is to be done with a policy. `policy` is there as soon as it could be parsed. */
export type Verdict =
  | { readonly kind: 'compiled'; readonly policy: ServiceAuthPolicy; readonly compiled: Compiled }
  | { readonly kind: 'refused'; readonly policy?: ServiceAuthPolicy; readonly refusal: Refusal }
  | { readonly kind: 'misplaced'; readonly policy?: ServiceAuthPolicy; readonly refusal: Refusal }
  | {
      readonly kind: 'conflicted';
      readonly policy?: ServiceAuthPolicy;
      readonly refusal: Refusal;
      readonly winner: RawObject;
    };

/**
 * The namespace comes first: what is written into the root namespace reaches every other one. Conflict comes before validity:
 * whether a broken policy may deny its workload depends on whether the workload is its own.
 */
export function judge({ policy: raw, rivals, issuers, mesh }: Snapshot): Verdict {
  const parsed = parseServiceAuthPolicy(raw);
  const policy = parsed.ok ? { policy: parsed.value } : {};
  const namespace = raw.metadata.namespace ?? 'default';
  if (namespace === mesh.rootNamespace) return { kind: 'misplaced', ...policy, refusal: rootNamespace(namespace) };
  const winner = governor(raw, rivals);
  if (winner !== undefined) return { kind: 'conflicted', ...policy, refusal: conflict(winner), winner };
  if (!parsed.ok) return { kind: 'refused', refusal: invalid(parsed.problems) };

  const selector = selectionOf(parsed.value.spec);
  if (selector === undefined) return { kind: 'refused', ...policy, refusal: noSelector };
  const resolved = resolveIssuers(parsed.value.spec, issuers);
  if (!resolved.ok) return { kind: 'refused', ...policy, refusal: resolved.refusal };
  const result = compile(parsed.value, selector, resolved.issuers, mesh.trustDomain);
  return result.ok
    ? { kind: 'compiled', policy: parsed.value, compiled: result.compiled }
    : { kind: 'refused', ...policy, refusal: result.refusal };
}

const noSelector: Refusal = { reason: 'Unsupported', message: 'spec.selector: is needed; set matchLabels' };

/** istio.io/docs/reference/config/security/authorization-policy: a selector there selects in all namespaces. */
function rootNamespace(namespace: string): Refusal {
  const message =
    `metadata.namespace: ${namespace} is the root namespace of the mesh, where Istio applies a policy to the workloads of ` +
    'every namespace; move the policy, and a workload that lives there, into a namespace of their own';
  return { reason: 'RootNamespace', message };
}

function invalid(problems: readonly Problem[]): Refusal {
  const unsupported = problems.every(({ code }) => code === 'Unsupported');
  return { reason: unsupported ? 'Unsupported' : 'Invalid', message: describeProblems(problems) };
}

function conflict({ metadata }: RawObject): Refusal {
  const message =
    `spec.selector: ServiceAuthPolicy ${metadata.name} is older, and no label tells the two selectors apart; ` +
    'add one label with different values to both, or merge the rules into the older policy';
  return { reason: 'Conflicted', message };
}
