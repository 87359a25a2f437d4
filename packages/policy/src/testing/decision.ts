import { decide, prepareDecision } from '../decide/decide.ts';
import type { PresentedToken, RequestIdentity } from '../decide/decision.ts';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { checkOf } from '../revocation.ts';
import type { ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';
import { ISSUERS, issuerStates, MESH, policyOf } from './arbitraries.ts';
import { payload, type TestRequest, type TestToken } from './request.ts';

/** What the decision function says of requests, with a verifier and a guard that know what they must. */
export function deciderFor(spec: ServiceAuthPolicySpec): (request: TestRequest) => boolean {
  const parsed = parseServiceAuthPolicy(policyOf(spec));
  const prepared = parsed.ok && prepareDecision(parsed.value, issuerStates(), MESH.trustDomain);
  if (prepared === false || !prepared.ok) throw new Error('the policy is not a valid one');
  return (request) => decide(prepared.policy, request, identityOf(spec, request)).allowed;
}

function identityOf(spec: ServiceAuthPolicySpec, { caller, token }: TestRequest): RequestIdentity {
  return {
    ...(caller && { caller: { ...caller, trustDomain: MESH.trustDomain } }),
    ...(token && { token: presented(spec, token) }),
  };
}

function presented(spec: ServiceAuthPolicySpec, token: TestToken): PresentedToken {
  const verifies = ISSUERS.some(({ iss, kids }) => iss === token.iss && kids.includes(token.kid));
  if (!verifies) return { state: 'refused', code: 'token_invalid' };
  const isAsked = checkOf(spec) === (spec.targetRefs === undefined ? 'EveryHop' : 'Edge');
  if (token.revoked && isAsked) return { state: 'refused', code: 'token_revoked' };
  return { state: 'verified', claims: payload(token) };
}
