import type { Allow, Operation, PolicyRule } from './schema/service-auth-policy.ts';

/** True when a request without a token can never satisfy the rule. */
export function needsToken({ authenticated, permissions, roles, claims }: Allow): boolean {
  return authenticated !== undefined || permissions !== undefined || roles !== undefined || claims !== undefined;
}

/** What the rules open to requests without a token (`public`, or callers alone); an empty operation is everything. */
export function tokenlessOperations(rules: readonly PolicyRule[]): readonly Operation[] {
  return rules.filter(({ allow }) => !needsToken(allow)).flatMap(({ to }) => to ?? [{}]);
}
