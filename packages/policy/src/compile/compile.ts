import { PolicyError } from '../errors.ts';
import type { IstioObject, ServiceAuthPolicy } from '../resources.ts';
import { providerOf } from '../revocation.ts';
import { needsToken } from '../tokenless.ts';
import { ANNOTATION, LIMIT, PROVIDER } from '../vocabulary.ts';
import { allowPolicy } from './allow.ts';
import { checkPolicy } from './check.ts';
import { guardPolicy } from './guard.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { AuthorizationPolicySpec, PeerAuthenticationSpec, Target } from './istio.ts';
import { istioObject } from './object.ts';
import type { Refusal } from './refusal.ts';
import { requestAuthentication } from './request-authentication.ts';

/** The objects of one policy by role; a role that the policy does not need is absent. */
export interface Compiled {
  readonly check?: IstioObject;
  readonly deny?: IstioObject;
  readonly allow: IstioObject;
  readonly jwt: IstioObject;
  readonly mtls?: IstioObject;
}

export type Compilation =
  | { readonly ok: true; readonly compiled: Compiled }
  | { readonly ok: false; readonly refusal: Refusal };

export interface Source {
  readonly policy: ServiceAuthPolicy;
  readonly target: Target;
  readonly issuers: readonly ResolvedIssuer[];
  readonly trustDomain: string;
}

const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;

/**
 * Translates one policy. The same input gives the same objects, in whatever order rules, issuers and targets are listed.
 * @throws PolicyError `bad_trust_domain`: with a wildcard in it, callers of any mesh would match
 */
export function compile(source: Source): Compilation {
  if (!TRUST_DOMAIN.test(source.trustDomain)) throw new PolicyError('bad_trust_domain', 'not a SPIFFE trust domain');
  const closing = closingObjects(source);
  const needs = Object.values(closing)
    .map((object) => object.metadata.name)
    .sort()
    .join(',');
  const allow = istioObject(source.policy.metadata, 'allow', allowList(source), { [ANNOTATION.needs]: needs });
  const compiled = { ...closing, allow };
  const large = Object.values(compiled).find((object) => JSON.stringify(object.spec).length > LIMIT.objectBytes);
  if (large === undefined) return { ok: true, compiled };
  const message = `spec.rules: the ${large.kind} would be larger than ${LIMIT.objectBytes} bytes; use fewer or shorter entries`;
  return { ok: false, refusal: { reason: 'TooLarge', message } };
}

/** Everything without which the allow list must not stand alone. */
function closingObjects({ policy: { metadata, spec }, target, issuers }: Source): Omit<Compiled, 'allow'> {
  const provider = providerOf(spec);
  const deny = guardPolicy(target, spec.rules, provider);
  const trust = { audience: audienceOf(spec), issuers, verifies: readsClaims(spec) };
  return {
    ...(provider !== undefined && { check: istioObject(metadata, 'check', checkPolicy(target, provider, spec.rules)) }),
    ...(deny !== undefined && { deny: istioObject(metadata, 'deny', deny) }),
    jwt: istioObject(metadata, 'jwt', requestAuthentication(target, trust)),
    ...(spec.mtls !== undefined && { mtls: istioObject(metadata, 'mtls', peerAuthentication(target, spec.mtls)) }),
  };
}

function allowList({ policy: { spec }, target, issuers, trustDomain }: Source): AuthorizationPolicySpec {
  const httpOnly = providerOf(spec) !== undefined;
  return allowPolicy({ target, audience: audienceOf(spec), rules: spec.rules, issuers, trustDomain, httpOnly });
}

/** Whether anything that Envoy decides depends on a token that it verified itself. */
function readsClaims(spec: ServiceAuthPolicy['spec']): boolean {
  return providerOf(spec) !== PROVIDER.edge || spec.rules.some(({ allow }) => needsToken(allow));
}

/** Undefined at the edge, where the guard exchanges each token for one of the service behind. */
function audienceOf(spec: ServiceAuthPolicy['spec']): string | undefined {
  return providerOf(spec) === PROVIDER.edge ? undefined : spec.service;
}

function peerAuthentication(target: Target, mtls: 'Strict' | 'Permissive'): PeerAuthenticationSpec {
  return { ...target, mtls: { mode: mtls === 'Strict' ? 'STRICT' : 'PERMISSIVE' } };
}
