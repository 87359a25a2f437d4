import type { Provider } from '../revocation.ts';
import type { PolicyRule } from '../schema/service-auth-policy.ts';
import { tokenlessOperations } from '../tokenless.ts';
import { PROVIDER } from '../vocabulary.ts';
import { complement } from './complement.ts';
import type { AuthorizationPolicySpec, AuthorizationRule, Target } from './istio.ts';

const NOTE_OF_QUESTION = 'experimental.envoy.filters.http.rbac[istio_ext_authz_shadow_effective_policy_id]';

/**
 * Denies requests without a verified token to everything that no rule opens to them, so that a foreign ALLOW on the same workload
 * opens nothing to anonymous callers; and at the edge requests about which nobody was asked. Undefined when neither is left to deny.
 */
export function guardPolicy(
  target: Target,
  rules: readonly PolicyRule[],
  provider: Provider | undefined,
): AuthorizationPolicySpec | undefined {
  const denied = [...anonymous(rules), ...(provider === PROVIDER.edge ? [unasked] : [])];
  return denied.length === 0 ? undefined : { ...target, action: 'DENY', rules: denied };
}

function anonymous(rules: readonly PolicyRule[]): readonly AuthorizationRule[] {
  const openings = tokenlessOperations(rules);
  const from = [{ source: { notRequestPrincipals: ['*'] } }];
  if (openings.length === 0) return [{ from }];
  const closed = complement(openings);
  return closed.length === 0 ? [] : [{ from, to: closed.map((operation) => ({ operation })) }];
}

/**
 * Holds for a request that no CUSTOM policy matched: of one that does, istiod has Envoy note the name before it asks, and asks by that note
 * (pilot/pkg/security/authz/builder/extauthz.go). At the edge the guard is asked about every request; so where the question was deleted,
 * nothing passes, whatever the rules and others' ALLOW open.
 */
const unasked: AuthorizationRule = { when: [{ key: NOTE_OF_QUESTION, notValues: ['istio-ext-authz*'] }] };

/** Denies every request, whatever any other policy allows: an empty rule matches everything (in DENY, nothing outranks it). */
export function lockPolicy(target: Target): AuthorizationPolicySpec {
  return { ...target, action: 'DENY', rules: [{}] };
}
