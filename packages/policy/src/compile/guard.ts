import type { PolicyRule } from '../schema/service-auth-policy.ts';
import { tokenlessOperations } from '../tokenless.ts';
import { complement } from './complement.ts';
import type { AuthorizationPolicySpec, Target } from './istio.ts';

/**
 * Denies requests without a verified token to everything that no rule opens to them, so that a foreign ALLOW on the same workload
 * opens nothing to anonymous callers. Undefined when the rules open everything.
 */
export function guardPolicy(target: Target, rules: readonly PolicyRule[]): AuthorizationPolicySpec | undefined {
  const openings = tokenlessOperations(rules);
  const from = [{ source: { notRequestPrincipals: ['*'] } }];
  if (openings.length === 0) return { ...target, action: 'DENY', rules: [{ from }] };
  const closed = complement(openings);
  if (closed.length === 0) return undefined;
  return { ...target, action: 'DENY', rules: [{ from, to: closed.map((operation) => ({ operation })) }] };
}

/** Denies every request, whatever any other policy allows: an empty rule matches everything (in DENY, nothing outranks it). */
export function lockPolicy(target: Target): AuthorizationPolicySpec {
  return { ...target, action: 'DENY', rules: [{}] };
}
