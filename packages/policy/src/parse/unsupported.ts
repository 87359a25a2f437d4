import type { Problem } from '../problem.ts';
import type { ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';

/** Words of the language that cannot be enforced: refused, because ignoring them would open or close a workload unasked. */
export function unsupportedProblems({ mode }: ServiceAuthPolicySpec): readonly Problem[] {
  return mode === 'Shadow' ? [shadow] : [];
}

/** See docs/adr/0009: what dry-run would count is not what Enforce would do. */
const shadow: Problem = {
  path: 'spec.mode',
  code: 'Unsupported',
  message:
    "Shadow cannot be kept: Istio's dry-run has no form of RequestAuthentication, which would either go on answering 401 " +
    'to requests, or be missing and let every rule on tokens count as a denial',
  hint: 'use Enforce, and try a new policy on a copy of the workload',
};
