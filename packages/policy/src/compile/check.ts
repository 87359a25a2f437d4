import type { Provider } from '../revocation.ts';
import type { PolicyRule } from '../schema/service-auth-policy.ts';
import { tokenlessOperations } from '../tokenless.ts';
import { PROVIDER } from '../vocabulary.ts';
import { complement } from './complement.ts';
import type { AuthorizationPolicySpec, AuthorizationRule, Target } from './istio.ts';

/**
 * Asks the guard before anything else is decided (Istio evaluates CUSTOM first, so no verified claim can be named here).
 *
 * At the edge it is asked about every request: it also knows the routes, and exchanges the token. At a hop, about each
 * request that carries a token, and about each that needs one; so health checks do not depend on it.
 */
export function checkPolicy(target: Target, provider: Provider, rules: readonly PolicyRule[]): AuthorizationPolicySpec {
  const asked = provider === PROVIDER.edge ? everything : hopRules(rules);
  return { ...target, action: 'CUSTOM', provider: { name: provider }, rules: asked };
}

const everything: readonly AuthorizationRule[] = [{}];

/** RequestAuthentication reads tokens from no other header. */
const carriesToken: AuthorizationRule = { when: [{ key: 'request.headers[authorization]', values: ['*'] }] };

function hopRules(rules: readonly PolicyRule[]): readonly AuthorizationRule[] {
  const openings = tokenlessOperations(rules);
  if (openings.length === 0) return everything;
  const closed = complement(openings);
  return closed.length === 0 ? [carriesToken] : [carriesToken, { to: closed.map((operation) => ({ operation })) }];
}
