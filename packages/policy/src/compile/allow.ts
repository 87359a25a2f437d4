import type { Allow, Caller, Operation, PolicyRule, ValueSet } from '../schema/service-auth-policy.ts';
import { needsToken } from '../tokenless.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { AuthorizationPolicySpec, AuthorizationRule, OperationMatch, Target, When } from './istio.ts';

interface AllowInput {
  readonly target: Target;
  /** Undefined: tokens for any audience. */
  readonly audience: string | undefined;
  readonly rules: readonly PolicyRule[];
  readonly issuers: readonly ResolvedIssuer[];
  readonly trustDomain: string;
  /** Opens nothing on a port that is not HTTP, where Envoy would pass the guard by. */
  readonly httpOnly: boolean;
}

/** The allow list: one rule per policy rule and issuer (rules that need no token: one), sorted by rule name. */
export function allowPolicy(input: AllowInput): AuthorizationPolicySpec {
  const sorted = [...input.rules].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...input.target, action: 'ALLOW', rules: sorted.flatMap((rule) => compileRule(rule, input)) };
}

function compileRule({ to, allow }: PolicyRule, input: AllowInput): readonly AuthorizationRule[] {
  const where = destinations(to, input.httpOnly && !needsToken(allow));
  const callers = (allow.callers ?? []).map((caller) => principal(caller, input.trustDomain));
  const direct = callers.length === 0 ? {} : { principals: callers };
  if (!needsToken(allow)) {
    return [{ ...(callers.length > 0 && { from: [{ source: direct }] }), ...where }];
  }
  // Both in one source: they must hold together. The presence match also asks for a non-empty `sub`.
  const from = [{ source: { ...direct, requestPrincipals: ['*'] } }];
  return input.issuers.map((issuer) => ({ from, ...where, when: conditions(allow, issuer, input.audience) }));
}

/** A rule that asks for a token is about HTTP by that alone; another one needs an attribute that only HTTP has. */
function destinations(to: readonly Operation[] | undefined, httpOnly: boolean): Pick<AuthorizationRule, 'to'> {
  if (to === undefined) return httpOnly ? { to: [{ operation: anyPath }] } : {};
  const matches = to.map(operationMatch);
  return { to: matches.map((operation) => ({ operation: httpOnly ? withHttpAttribute(operation) : operation })) };
}

const anyPath: OperationMatch = { paths: ['*'] };

function withHttpAttribute(operation: OperationMatch): OperationMatch {
  return operation.methods === undefined && operation.paths === undefined ? { ...operation, ...anyPath } : operation;
}

export function operationMatch({ methods, paths, ports }: Operation): OperationMatch {
  return {
    ...(methods !== undefined && { methods }),
    ...(paths !== undefined && { paths }),
    ...(ports !== undefined && { ports: ports.map(String) }),
  };
}

/** The SPIFFE identity without its scheme, as Istio's `principals` takes it. */
function principal({ namespace, serviceAccount }: Caller, trustDomain: string): string {
  return `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/**
 * `iss` and `aud` are repeated although RequestAuthentication checks them: several RequestAuthentications on one workload are
 * alternatives, so a foreign one could otherwise let another issuer's or another service's token in.
 */
function conditions(allow: Allow, issuer: ResolvedIssuer, audience: string | undefined): readonly When[] {
  return [
    { key: claimKey(['iss']), values: [issuer.iss] },
    ...(audience === undefined ? [] : [{ key: 'request.auth.audiences', values: [audience] }]),
    ...issuer.requiredClaims.map(({ path, anyOf = PRESENT }) => ({ key: claimKey(path), values: anyOf })),
    ...valueSet(issuer.permissions, allow.permissions),
    ...valueSet(issuer.roles, allow.roles),
    ...(allow.claims ?? []).map(({ path, anyOf }) => ({ key: claimKey(path), values: anyOf })),
  ];
}

/** Any text but an empty one (istio.io/docs/reference/config/security/authorization-policy, presence match). */
const PRESENT: readonly string[] = ['*'];

/** Several values of one condition are alternatives, several conditions must all hold: so `allOf` is one condition each. */
function valueSet(claim: readonly string[], set: ValueSet | undefined): readonly When[] {
  const key = claimKey(claim);
  return [
    ...(set?.anyOf === undefined ? [] : [{ key, values: set.anyOf }]),
    ...(set?.allOf ?? []).map((value) => ({ key, values: [value] })),
  ];
}

function claimKey(path: readonly string[]): string {
  return `request.auth.claims${path.map((name) => `[${name}]`).join('')}`;
}
