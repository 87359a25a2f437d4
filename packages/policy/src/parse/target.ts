import type { Problem, ProblemCode } from '../problem.ts';
import { checkOf } from '../revocation.ts';
import type { PolicyRule, ServiceAuthPolicySpec, TargetRef } from '../schema/service-auth-policy.ts';
import { at } from './field-path.ts';

// Kubernetes' qualified name: an optional DNS prefix and a name of at most 63 characters.
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Exactly one kind of target, with label keys that Kubernetes takes (the schema checks the rest), and what fits it. */
export function targetProblems(spec: ServiceAuthPolicySpec): readonly Problem[] {
  const { selector, targetRefs } = spec;
  if (selector !== undefined && targetRefs !== undefined) {
    const hint = 'keep one of them';
    return [{ path: 'spec.targetRefs', code: 'Exclusive', message: 'stands beside selector', hint }];
  }
  if (selector === undefined && targetRefs === undefined) {
    const hint = 'set spec.selector.matchLabels to the labels of the workload';
    return [{ path: 'spec.selector', code: 'Missing', message: 'is required', hint }];
  }
  return targetRefs === undefined ? labelKeyProblems(selector?.matchLabels ?? {}) : gatewayProblems(spec, targetRefs);
}

/** Istio's PeerAuthentication knows no Gateway, and what the guard decides there it decides for the service behind. */
function gatewayProblems(spec: ServiceAuthPolicySpec, targetRefs: readonly TargetRef[]): readonly Problem[] {
  const { mtls, revocation } = spec;
  const names = targetRefs.map(({ name }) => name);
  const found: Problem[] = names.flatMap((name, index): readonly Problem[] =>
    names.indexOf(name) === index
      ? []
      : [refused(`spec.targetRefs[${index}]`, `names ${name} again`, 'remove it', 'Duplicate')],
  );
  if (mtls !== undefined) {
    found.push(refused('spec.mtls', 'stands beside targetRefs', 'mutual TLS is set for workloads: leave it out'));
  }
  if (revocation?.check === 'EveryHop') {
    const hint = 'write Edge here, and EveryHop in the policies of the services behind it';
    found.push(refused('spec.revocation.check', 'a Gateway is the edge', hint));
  }
  if (revocation?.whenUnavailable === 'Allow') {
    const hint = 'set it in the policies of the services behind it, which decide for their own requests';
    found.push(refused('spec.revocation.whenUnavailable', 'a Gateway cannot say Allow', hint));
  }
  return checkOf(spec) === 'Edge' ? [...found, ...spec.rules.flatMap(edgeRuleProblems)] : found;
}

/** At the edge the guard hands on a token for the service behind, so no permission of the Gateway's own can be in it. */
function edgeRuleProblems({ allow }: PolicyRule, index: number): readonly Problem[] {
  if (allow.permissions === undefined) return [];
  const path = at('spec.rules', index, 'allow', 'permissions');
  const hint = "name them in that service's own policy; here authenticated, roles or claims can be asked for";
  return [refused(path, 'permissions are those of the service behind the Gateway', hint)];
}

function refused(path: string, message: string, hint: string, code: ProblemCode = 'Exclusive'): Problem {
  return { path, code, message, hint };
}

export function labelKeyProblems(labels: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.keys(labels)
    .filter((key) => !LABEL_KEY.test(key))
    .map((key) => ({
      path: at('spec.selector.matchLabels', key),
      code: 'BadValue',
      message: 'is not a label key',
      hint: 'use letters, digits, hyphens, underscores and dots, with at most one DNS prefix before a slash',
    }));
}
