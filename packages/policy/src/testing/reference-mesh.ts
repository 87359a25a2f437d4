import type { AuthorizationRule, JwtRule, OperationMatch, Source, When } from '../compile/istio.ts';
import type { IstioObject } from '../resources.ts';
import { PROVIDER } from '../vocabulary.ts';
import { payload, type TestRequest, type TestToken } from './request.ts';

/**
 * A small reading of how Istio 1.31 and Envoy 1.40 evaluate the objects on one workload (pilot/pkg/security/authz/model and
 * Envoy's uri_template_lib), written against their source and not against the compiler.
 */
export function meshAllows(objects: readonly IstioObject[], trustDomain: string, request: TestRequest): boolean {
  const specs = (kind: string) => objects.filter((object) => object.kind === kind).map(({ spec }) => spec);
  const principal =
    request.caller && `${trustDomain}/ns/${request.caller.namespace}/sa/${request.caller.serviceAccount}`;
  if (principal === undefined && specs('PeerAuthentication').some((spec) => modeOf(spec) === 'STRICT')) return false;

  const jwtRules = specs('RequestAuthentication').flatMap((spec) => spec['jwtRules'] as readonly JwtRule[]);
  const reading = jwtRules.filter(readsAuthorization);
  const verified = request.token !== undefined && reading.some((rule) => verifies(rule, request.token));
  // The guard is asked before claims are known.
  const unknown = { request, principal, claims: undefined, asked: false };
  const questions = specs('AuthorizationPolicy').filter(
    (spec) => spec['action'] === 'CUSTOM' && matchesAny(spec, unknown),
  );
  if (questions.some((spec) => guardRefuses(spec, request, jwtRules))) return false;
  if (request.token !== undefined && reading.length > 0 && !verified) return false;

  const claims = verified && request.token ? payload(request.token) : undefined;
  const seen: Seen = { request, principal, claims, asked: questions.length > 0 };
  const policies = specs('AuthorizationPolicy').map((spec) => ({
    action: spec['action'],
    matches: matchesAny(spec, seen),
  }));
  const allows = policies.filter(({ action }) => action === 'ALLOW');
  if (policies.some(({ action, matches }) => action === 'DENY' && matches)) return false;
  return allows.length === 0 || allows.some(({ matches }) => matches);
}

interface Seen {
  readonly request: TestRequest;
  readonly principal: string | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** Whether a CUSTOM policy matched, of which Envoy takes a note. */
  readonly asked: boolean;
}

function matchesAny(spec: IstioObject['spec'], seen: Seen): boolean {
  return (spec['rules'] as readonly AuthorizationRule[]).some((rule) => ruleMatches(rule, seen));
}

/** It knows which tokens are revoked; at the edge it also verifies, with the keys that it finds in RequestAuthentications. */
function guardRefuses(question: IstioObject['spec'], { token }: TestRequest, jwtRules: readonly JwtRule[]): boolean {
  if (token === undefined) return false;
  const isEdge = Reflect.get(Object(question['provider']), 'name') === PROVIDER.edge;
  return token.revoked || (isEdge && !jwtRules.some((rule) => verifies(rule, token)));
}

/** By default it does (istio.io/docs/reference/config/security/jwt). */
function readsAuthorization({ fromHeaders }: Partial<JwtRule>): boolean {
  return fromHeaders === undefined || fromHeaders.some(({ name }) => name === 'Authorization');
}

function modeOf(spec: IstioObject['spec']): unknown {
  return Reflect.get(Object(spec['mtls']), 'mode');
}

function verifies(rule: JwtRule, token: TestToken | undefined): boolean {
  const keys: readonly { kid: string }[] = JSON.parse(rule.jwks).keys;
  return (
    token?.iss === rule.issuer &&
    keys.some(({ kid }) => kid === token.kid) &&
    (rule.audiences === undefined || token.aud.some((audience) => rule.audiences?.includes(audience)))
  );
}

function ruleMatches({ from, to, when }: AuthorizationRule, seen: Seen): boolean {
  return (
    (from === undefined || from.some(({ source }) => sourceMatches(source, seen))) &&
    (to === undefined || to.some(({ operation }) => operationMatches(operation, seen.request))) &&
    (when ?? []).every((condition) => conditionMatches(condition, seen))
  );
}

function sourceMatches({ principals, requestPrincipals, notRequestPrincipals }: Source, seen: Seen): boolean {
  const { principal } = seen;
  return (
    (isAny(principals) || (principal !== undefined && principals.some((value) => textMatches(value, principal)))) &&
    (isAny(requestPrincipals) || requestPrincipalMatches(requestPrincipals, seen)) &&
    (isAny(notRequestPrincipals) || !requestPrincipalMatches(notRequestPrincipals, seen))
  );
}

/** Only the presence match is written by the compiler: a non-empty `iss` and a non-empty `sub`. */
function requestPrincipalMatches(values: readonly string[], { claims }: Seen): boolean {
  if (values.some((value) => value !== '*')) throw new Error('the reference mesh reads only the presence match');
  return claims !== undefined && claims['iss'] !== '' && claims['sub'] !== '';
}

export function operationMatches(match: OperationMatch, { method, path, port }: TestRequest): boolean {
  const { methods, notMethods, paths, notPaths, ports, notPorts } = match;
  const some = (patterns: readonly string[], value: string, how = textMatches) =>
    patterns.some((pattern) => how(pattern, value));
  return (
    (isAny(methods) || some(methods, method)) &&
    (isAny(notMethods) || !some(notMethods, method)) &&
    (isAny(paths) || some(paths, path, pathMatches)) &&
    (isAny(notPaths) || !some(notPaths, path, pathMatches)) &&
    (isAny(ports) || ports.includes(String(port))) &&
    (isAny(notPorts) || !notPorts.includes(String(port)))
  );
}

/** An empty list means anything, exactly as an absent one: the trap that the compiler must never step into. */
function isAny(list: readonly string[] | undefined): list is undefined | readonly [] {
  return list === undefined || list.length === 0;
}

const NOTE_OF_QUESTION = 'experimental.envoy.filters.http.rbac[istio_ext_authz_shadow_effective_policy_id]';

function conditionMatches(condition: When, { request, claims, asked }: Seen): boolean {
  const { key } = condition;
  if ('notValues' in condition) {
    if (key !== NOTE_OF_QUESTION) throw new Error('the reference mesh reads notValues only of the note of a question');
    return !asked;
  }
  const { values } = condition;
  if (key === 'request.headers[authorization]') return request.token !== undefined;
  const path =
    key === 'request.auth.audiences' ? ['aud'] : [...key.matchAll(/\[([^[\]]*)\]/g)].map(([, name]) => name ?? '');
  const claim = path.reduce<unknown>((node, name) => Reflect.get(Object(node), name), claims);
  const held = isSpaceDelimited(path) && typeof claim === 'string' ? claim.split(' ') : [claim].flat();
  return held.some((item) => typeof item === 'string' && values.some((value) => textMatches(value, item)));
}

/** pilot/pkg/security/authn, buildSpaceDelimitedClaims: Envoy makes lists of these two. */
function isSpaceDelimited([name, ...inner]: readonly string[]): boolean {
  return inner.length === 0 && (name === 'scope' || name === 'permission');
}

function textMatches(pattern: string, value: string): boolean {
  // RE2 reads it as `.+`, where a dot is no line feed.
  if (pattern === '*') return /^[^\n]+$/.test(value);
  if (pattern.startsWith('*')) return value.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern === value;
}

function pathMatches(pattern: string, path: string): boolean {
  if (!pattern.includes('{*}') && !pattern.includes('{**}')) return textMatches(pattern, path);
  const literal = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*";
  const source = pattern
    .split('/')
    .map((part) =>
      part === '{*}' ? `${literal}]+` : part === '{**}' ? `${literal}/]*` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('/');
  return new RegExp(`^${source}$`).test(path);
}
