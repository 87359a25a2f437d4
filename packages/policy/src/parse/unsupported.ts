import type { Problem } from '../problem.ts';
import type { ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';

/** Words of the language that this version cannot enforce yet: refused, because ignoring them would open a workload. */
export function unsupportedProblems(spec: ServiceAuthPolicySpec): readonly Problem[] {
  const found: Problem[] = [];
  if (spec.targetRefs !== undefined) {
    found.push(unsupported('spec.targetRefs', 'a Gateway as target', 'select workloads with spec.selector'));
  }
  if (spec.mode === 'Shadow') {
    found.push(unsupported('spec.mode', 'Shadow', 'use Enforce'));
  }
  if (spec.revocation?.check === 'EveryHop') {
    found.push(unsupported('spec.revocation.check', 'EveryHop', 'use Edge'));
  }
  if (spec.revocation?.whenUnavailable === 'Allow') {
    found.push(unsupported('spec.revocation.whenUnavailable', 'Allow', 'use Deny'));
  }
  return found;
}

function unsupported(path: string, what: string, hint: string): Problem {
  return { path, code: 'Unsupported', message: `${what} is not supported by this version`, hint };
}
