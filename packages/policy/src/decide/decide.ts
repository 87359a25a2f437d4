import { type IssuerState, type ResolvedIssuer, resolveIssuers } from '../compile/issuers.ts';
import type { Refusal } from '../compile/refusal.ts';
import type { ServiceAuthPolicy } from '../resources.ts';
import { providerOf } from '../revocation.ts';
import type { Operation } from '../schema/service-auth-policy.ts';
import { PROVIDER } from '../vocabulary.ts';
import { claimValues } from './claim-values.ts';
import type { Decision, DecisionRequest, PresentedToken, RequestIdentity, TokenRefusal } from './decision.ts';
import { pathMatcher } from './path-matcher.ts';
import { hasRegisteredTypes } from './registered-claims.ts';
import { type Bearer, type Lack, type Requirement, requirement } from './requirement.ts';

interface ReadyRule {
  readonly name: string;
  readonly names: (request: DecisionRequest) => boolean;
  readonly lackOf: Requirement;
}

/** A policy made ready for many decisions: patterns compiled, issuers resolved. */
export interface DecisionPolicy {
  /** Undefined at the edge, where tokens are for the services behind. */
  readonly audience: string | undefined;
  readonly issuers: ReadonlyMap<string, ResolvedIssuer>;
  readonly strict: boolean;
  readonly rules: readonly ReadyRule[];
}

export type Prepared =
  | { readonly ok: true; readonly policy: DecisionPolicy }
  /** Without its issuers a policy decides nothing: the mesh denies then, or holds what stood before. */
  | { readonly ok: false; readonly refusal: Refusal };

/** @param issuers every TokenIssuer that is known; the policy takes those that it names, or the default one */
export function prepareDecision(
  { spec }: ServiceAuthPolicy,
  issuers: readonly IssuerState[],
  trustDomain: string,
): Prepared {
  const resolved = resolveIssuers(spec, issuers);
  if (!resolved.ok) return resolved;
  const policy = {
    audience: providerOf(spec) === PROVIDER.edge ? undefined : spec.service,
    issuers: new Map(resolved.issuers.map((issuer) => [issuer.iss, issuer])),
    strict: spec.mtls === 'Strict',
    // In the order in which the compiled ALLOW lists them.
    rules: [...spec.rules]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, to, allow }) => ({ name, names: operations(to), lackOf: requirement(allow, trustDomain) })),
  };
  return { ok: true, policy };
}

/**
 * What the mesh would decide with the objects that the policy compiles to. Pure; the same question always has the same answer.
 * Whether a token was revoked, and whether it verifies at all, is the caller's to find out (`RequestIdentity`).
 */
export function decide(policy: DecisionPolicy, request: DecisionRequest, identity: RequestIdentity): Decision {
  if (policy.strict && identity.caller === undefined) return MUTUAL_TLS_MISSING;
  // Istio has Envoy pass CORS preflights by its verification (bypass_cors_preflight): a token in one is none, not even a bad one.
  const token = request.preflight === true ? undefined : identity.token;
  const refusal = token && tokenRefusal(policy, token);
  // Envoy refuses a token that does not count even where none is needed.
  if (refusal !== undefined) return { allowed: false, code: refusal, why: [WHY[refusal]] };
  const asker = { caller: identity.caller, bearer: bearerOf(policy, token) };
  const lacks: (Lack & { readonly rule: string })[] = [];
  for (const { name, names, lackOf } of policy.rules) {
    if (!names(request)) continue;
    const lack = lackOf(asker);
    if (lack === undefined) return { allowed: true, rule: name };
    lacks.push({ ...lack, rule: name });
  }
  return denial(lacks);
}

const MUTUAL_TLS_MISSING: Decision = {
  allowed: false,
  code: 'caller_not_allowed',
  why: ['mutual TLS is required, and the caller showed no certificate of the mesh'],
};

const WHY: Readonly<Record<TokenRefusal, string>> = {
  token_malformed: 'the token is not a JWT, or a registered claim has not its type (RFC 7519 section 4.1)',
  token_expired: 'the token is expired',
  token_invalid: 'the token is of no issuer that this policy names, or does not verify with its keys',
  token_revoked: 'the token was revoked',
  session_expired: 'the session of the token is over',
  audience_mismatch: 'the token is for another service',
};

function tokenRefusal({ issuers, audience }: DecisionPolicy, token: PresentedToken): TokenRefusal | undefined {
  if (token.state === 'refused') return token.code;
  const { iss } = token.claims;
  if (!hasRegisteredTypes(token.claims)) return 'token_malformed';
  if (typeof iss !== 'string' || !issuers.has(iss)) return 'token_invalid';
  if (audience === undefined || claimValues(token.claims, ['aud']).includes(audience)) return undefined;
  return 'audience_mismatch';
}

function bearerOf({ issuers }: DecisionPolicy, token: PresentedToken | undefined): Bearer | undefined {
  if (token?.state !== 'verified') return undefined;
  const issuer = issuers.get(String(token.claims['iss']));
  return issuer && { claims: token.claims, issuer };
}

/** The nearest miss speaks: a permission is asked for only of a caller who got that far. */
const NEAREST = ['permission_missing', 'token_invalid', 'token_missing', 'caller_not_allowed'] as const;

function denial(lacks: readonly (Lack & { readonly rule: string })[]): Decision {
  const why = lacks.map((lack) => `rule ${lack.rule}: ${lack.why}`);
  for (const code of NEAREST) {
    const nearest = lacks.find((lack) => lack.code === code);
    if (nearest !== undefined) return { allowed: false, code, rule: nearest.rule, why };
  }
  return { allowed: false, code: 'route_unknown', why: ['no rule names this method, path and port'] };
}

function operations(to: readonly Operation[] | undefined): ReadyRule['names'] {
  if (to === undefined) return () => true;
  const ready = to.map(operation);
  return (request) => ready.some((names) => names(request));
}

function operation({ methods, paths, ports }: Operation): ReadyRule['names'] {
  const matchers = paths?.map(pathMatcher);
  return ({ method, path, port }) =>
    (methods === undefined || methods.includes(method)) &&
    (ports === undefined || ports.includes(port)) &&
    (matchers === undefined || matchers.some((matches) => matches(path)));
}
