import { type Compiled, compile } from '../compile/compile.ts';
import { resolveIssuers } from '../compile/issuers.ts';
import type { Target } from '../compile/istio.ts';
import type { Refusal } from '../compile/refusal.ts';
import { capabilityRefusal } from '../mesh/capability.ts';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { misplacement } from '../placement.ts';
import { describeProblems, type Problem } from '../problem.ts';
import type { RawObject, ServiceAuthPolicy } from '../resources.ts';
import { serviceDispute } from '../service-name.ts';
import { targetOf } from '../target.ts';
import { governor } from './conflict.ts';
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
export function judge({ policy: raw, rivals, namesakes, issuers, mesh }: Snapshot): Verdict {
  const parsed = parseServiceAuthPolicy(raw);
  const policy = parsed.ok ? { policy: parsed.value } : {};
  const namespace = raw.metadata.namespace ?? 'default';
  const misplaced = misplacement(namespace, mesh.rootNamespace);
  if (misplaced !== undefined) return { kind: 'misplaced', ...policy, refusal: rootNamespace(misplaced) };
  const winner = governor(raw, rivals);
  if (winner !== undefined)
    return { kind: 'conflicted', ...policy, refusal: conflict(winner, targetOf(raw.spec)), winner };
  if (!parsed.ok) return { kind: 'refused', refusal: invalid(parsed.problems) };

  const target = targetOf(parsed.value.spec);
  if (target === undefined) return { kind: 'refused', ...policy, refusal: noTarget };
  const dispute = serviceDispute(raw, namesakes);
  if (dispute !== undefined) return { kind: 'refused', ...policy, refusal: nameTaken(dispute) };
  const resolved = resolveIssuers(parsed.value.spec, issuers);
  if (!resolved.ok) return { kind: 'refused', ...policy, refusal: resolved.refusal };
  const incapable = capabilityRefusal(parsed.value, mesh);
  if (incapable !== undefined) return { kind: 'refused', ...policy, refusal: incapable };
  const { trustDomain } = mesh;
  const result = compile({ policy: parsed.value, target, issuers: resolved.issuers, trustDomain });
  return result.ok
    ? { kind: 'compiled', policy: parsed.value, compiled: result.compiled }
    : { kind: 'refused', ...policy, refusal: result.refusal };
}

const noTarget: Refusal = { reason: 'Invalid', message: 'spec.selector: is needed; set matchLabels' };

function rootNamespace(problem: Problem): Refusal {
  return { reason: 'RootNamespace', message: describeProblems([problem]) };
}

/** Its workloads are its own all the same: they are closed, or keep what they had. */
function nameTaken(problem: Problem): Refusal {
  return { reason: 'ServiceConflicted', message: describeProblems([problem]) };
}

function invalid(problems: readonly Problem[]): Refusal {
  const unsupported = problems.every(({ code }) => code === 'Unsupported');
  return { reason: unsupported ? 'Unsupported' : 'Invalid', message: describeProblems(problems) };
}

function conflict({ metadata }: RawObject, target: Target | undefined): Refusal {
  const older = `ServiceAuthPolicy ${metadata.name} is older`;
  const message =
    target !== undefined && 'targetRefs' in target
      ? `spec.targetRefs: ${older} and is for the same Gateway; name another one, or merge the rules into the older policy`
      : `spec.selector: ${older}, and no label tells the two selectors apart; ` +
        'add one label with different values to both, or merge the rules into the older policy';
  return { reason: 'Conflicted', message };
}
