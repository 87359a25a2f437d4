import type { Allow, Operation, ServiceAuthPolicySpec, ValueSet } from '../schema/service-auth-policy.ts';
import { payload, type TestRequest, type TestToken } from './request.ts';

/** An issuer as a person reads it. */
export interface KnownIssuer {
  readonly iss: string;
  readonly kids: readonly string[];
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
}

/** Reads the policy's words one by one, without Istio: what the compiled objects must allow, no more and no less. */
export function policyAllows(
  spec: ServiceAuthPolicySpec,
  service: string,
  issuers: readonly KnownIssuer[],
  request: TestRequest,
): boolean {
  if (spec.mtls === 'Strict' && request.caller === undefined) return false;
  const { token } = request;
  const issuer = token && issuers.find(({ iss, kids }) => iss === token.iss && kids.includes(token.kid));
  // A token that does not verify is refused even where none is needed (Envoy's jwt_authn answers 401).
  if (token !== undefined && (issuer === undefined || !isFor(spec, service, token))) return false;
  if (token?.revoked && spec.revocation?.check === (spec.targetRefs === undefined ? 'EveryHop' : 'Edge')) return false;
  return spec.rules.some(
    ({ to, allow }) =>
      (to === undefined || to.some((operation) => covers(operation, request))) && grants(allow, request, issuer),
  );
}

/** At the edge, tokens are for the services behind the Gateway. */
function isFor({ targetRefs, revocation }: ServiceAuthPolicySpec, service: string, { aud }: TestToken): boolean {
  return (targetRefs !== undefined && revocation?.check === 'Edge') || aud.includes(service);
}

function covers({ methods, paths, ports }: Operation, request: TestRequest): boolean {
  return (
    (methods === undefined || methods.includes(request.method)) &&
    (ports === undefined || ports.includes(request.port)) &&
    (paths === undefined || paths.some((pattern) => reads(pattern, request.path)))
  );
}

function grants(allow: Allow, { token, caller }: TestRequest, issuer: KnownIssuer | undefined): boolean {
  if (allow.public) return true;
  const { callers, permissions, roles, claims } = allow;
  const calledBy = (callers ?? []).some(
    ({ namespace, serviceAccount }) => namespace === caller?.namespace && serviceAccount === caller.serviceAccount,
  );
  if (callers !== undefined && !calledBy) return false;
  const tokenAsked = allow.authenticated || permissions !== undefined || roles !== undefined || claims !== undefined;
  if (!tokenAsked) return true;
  if (token === undefined || issuer === undefined || token.sub === '') return false;
  return (
    holdsSet(permissions, valuesAt(token, issuer.permissions)) &&
    holdsSet(roles, valuesAt(token, issuer.roles)) &&
    (claims ?? []).every(({ path, anyOf }) => anyOf.some((value) => valuesAt(token, path).includes(value)))
  );
}

function holdsSet(set: ValueSet | undefined, held: readonly string[]): boolean {
  const any = set?.anyOf === undefined || set.anyOf.some((value) => held.includes(value));
  return any && (set?.allOf ?? []).every((value) => held.includes(value));
}

function valuesAt(token: TestToken, path: readonly string[]): readonly string[] {
  let node: unknown = payload(token);
  for (const name of path) node = typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined;
  const list: readonly unknown[] = Array.isArray(node) ? node : [node];
  return list.filter((item) => typeof item === 'string');
}

function reads(pattern: string, path: string): boolean {
  if (pattern.includes('{')) return readsTemplate(pattern.split('/'), path.split('/'));
  if (pattern.startsWith('*')) return path.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1));
  return path === pattern;
}

/** Segment by segment; a placeholder takes only what may stand unescaped in a segment (RFC 3986 pchar). */
function readsTemplate([first, ...pattern]: readonly string[], [segment, ...path]: readonly string[]): boolean {
  if (first === undefined) return segment === undefined;
  if (segment === undefined) return false;
  if (first === '{**}') return [segment, ...path].every((part) => isPlain(part));
  const fits = first === '{*}' ? segment !== '' && isPlain(segment) : segment === first;
  return fits && readsTemplate(pattern, path);
}

function isPlain(segment: string): boolean {
  return [...segment].every((character) => /[\w\-.~%!$&'()*+,;=:@]/.test(character));
}
