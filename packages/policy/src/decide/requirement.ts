import type { ResolvedIssuer } from '../compile/issuers.ts';
import type { Allow, ValueSet } from '../schema/service-auth-policy.ts';
import type { RequiredClaim } from '../schema/token-issuer.ts';
import { needsToken } from '../tokenless.ts';
import { type Claims, claimValues } from './claim-values.ts';
import type { DenialCode, DirectCaller } from './decision.ts';

/** Why a rule that names the request does not allow it. */
export interface Lack {
  readonly code: DenialCode;
  readonly why: string;
}

/** A verified token and the issuer of the policy that it comes from. */
export interface Bearer {
  readonly claims: Claims;
  readonly issuer: ResolvedIssuer;
}

export interface Asker {
  readonly caller: DirectCaller | undefined;
  readonly bearer: Bearer | undefined;
}

/** What is missing of `allow`; undefined when everything that it names holds. */
export type Requirement = (asker: Asker) => Lack | undefined;

export function requirement(allow: Allow, trustDomain: string): Requirement {
  if (allow.public) return () => undefined;
  const parts: readonly Requirement[] = [
    ...(needsToken(allow) ? [aToken] : []),
    ...(allow.callers === undefined ? [] : [oneOfCallers(allow.callers, trustDomain)]),
    ...(allow.permissions === undefined
      ? []
      : [held('permission', allow.permissions, ({ permissions }) => permissions)]),
    ...(allow.roles === undefined ? [] : [held('role', allow.roles, ({ roles }) => roles)]),
    ...(allow.claims ?? []).map(({ path, anyOf }) => held(`claim ${path.join('.')}`, { anyOf }, () => path)),
  ];
  return (asker) => {
    for (const part of parts) {
      const lack = part(asker);
      if (lack !== undefined) return lack;
    }
    return undefined;
  };
}

const TOKEN_MISSING: Lack = { code: 'token_missing', why: 'a token is needed' };

/** What `.+` takes in RE2, where a dot is no line feed: Istio's presence match (pilot/pkg/security/authz/model/generator.go). */
const PRESENT = /^[^\n]+$/;

/** A request principal is `iss/sub`, and both must be present; and the token must be of the kind that its issuer makes for services. */
const aToken: Requirement = ({ bearer }) => {
  if (bearer === undefined) return TOKEN_MISSING;
  const { sub } = bearer.claims;
  if (typeof sub !== 'string' || !PRESENT.test(sub)) {
    return { code: 'token_invalid', why: 'the token names no subject, or one of several lines' };
  }
  return ofAnotherKind(bearer);
};

/** Such as an id token. */
function ofAnotherKind({ claims, issuer }: Bearer): Lack | undefined {
  const lacking = issuer.requiredClaims.find((required) => !isHeld(required, claims));
  if (lacking === undefined) return undefined;
  const what = `claim ${lacking.path.join('.')}`;
  const wanted = lacking.anyOf === undefined ? `needs ${what}` : describe(what, lacking.anyOf, []);
  return { code: 'token_invalid', why: `TokenIssuer ${issuer.name} ${wanted} in each of its tokens` };
}

function isHeld({ path, anyOf }: RequiredClaim, claims: Claims): boolean {
  const values = claimValues(claims, path);
  return anyOf === undefined ? values.some((value) => PRESENT.test(value)) : anyOf.some((one) => values.includes(one));
}

function oneOfCallers(callers: NonNullable<Allow['callers']>, trustDomain: string): Requirement {
  const names = callers.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  const allowed = new Set(names);
  const lack: Lack = { code: 'caller_not_allowed', why: `the direct caller must be ${names.join(' or ')}` };
  return ({ caller }) => {
    if (caller === undefined || caller.trustDomain !== trustDomain) return lack;
    return allowed.has(`${caller.namespace}/${caller.serviceAccount}`) ? undefined : lack;
  };
}

function held(
  what: string,
  { anyOf, allOf = [] }: ValueSet,
  pathAt: (issuer: ResolvedIssuer) => readonly string[],
): Requirement {
  const lack: Lack = { code: 'permission_missing', why: describe(what, anyOf ?? [], allOf) };
  return ({ bearer }) => {
    if (bearer === undefined) return TOKEN_MISSING;
    const values = claimValues(bearer.claims, pathAt(bearer.issuer));
    const any = anyOf === undefined || anyOf.some((value) => values.includes(value));
    return any && allOf.every((value) => values.includes(value)) ? undefined : lack;
  };
}

function describe(what: string, anyOf: readonly string[], allOf: readonly string[]): string {
  const parts = [
    ...(anyOf.length > 0 ? [`${what} ${anyOf.join(' or ')}`] : []),
    ...(allOf.length > 0 ? [`${what} ${allOf.join(' and ')}`] : []),
  ];
  return `needs ${parts.join(', and ')}`;
}
