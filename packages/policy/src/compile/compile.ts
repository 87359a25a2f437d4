import { PolicyError } from '../errors.ts';
import type { IstioObject, ServiceAuthPolicy } from '../resources.ts';
import { ANNOTATION, LIMIT } from '../vocabulary.ts';
import { allowPolicy } from './allow.ts';
import { guardPolicy } from './guard.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { PeerAuthenticationSpec, Selector } from './istio.ts';
import { istioObject } from './object.ts';
import type { Refusal } from './refusal.ts';
import { requestAuthentication } from './request-authentication.ts';

/** The objects of one policy by role; a role that the policy does not need is absent. */
export interface Compiled {
  readonly deny?: IstioObject;
  readonly allow: IstioObject;
  readonly jwt: IstioObject;
  readonly mtls?: IstioObject;
}

export type Compilation =
  | { readonly ok: true; readonly compiled: Compiled }
  | { readonly ok: false; readonly refusal: Refusal };

const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;

/**
 * Translates one policy. The same input gives the same objects, in whatever order rules and issuers are listed.
 * @throws PolicyError `bad_trust_domain`: with a wildcard in it, callers of any mesh would match
 */
export function compile(
  policy: ServiceAuthPolicy,
  selector: Selector,
  issuers: readonly ResolvedIssuer[],
  trustDomain: string,
): Compilation {
  if (!TRUST_DOMAIN.test(trustDomain)) throw new PolicyError('bad_trust_domain', 'not a SPIFFE trust domain');
  const { metadata, spec } = policy;
  const deny = guardPolicy(selector, spec.rules);
  const allow = allowPolicy({ selector, service: spec.service, rules: spec.rules, issuers, trustDomain });
  const closing = {
    ...(deny !== undefined && { deny: istioObject(metadata, 'deny', deny) }),
    jwt: istioObject(metadata, 'jwt', requestAuthentication(selector, spec.service, issuers)),
    ...(spec.mtls !== undefined && { mtls: istioObject(metadata, 'mtls', peerAuthentication(selector, spec.mtls)) }),
  };
  const needs = Object.values(closing)
    .map((object) => object.metadata.name)
    .sort()
    .join(',');
  const compiled = { ...closing, allow: istioObject(metadata, 'allow', allow, { [ANNOTATION.needs]: needs }) };
  const large = Object.values(compiled).find((object) => JSON.stringify(object.spec).length > LIMIT.objectBytes);
  if (large === undefined) return { ok: true, compiled };
  const message = `spec.rules: the ${large.kind} would be larger than ${LIMIT.objectBytes} bytes; use fewer or shorter entries`;
  return { ok: false, refusal: { reason: 'TooLarge', message } };
}

function peerAuthentication(selector: Selector, mtls: 'Strict' | 'Permissive'): PeerAuthenticationSpec {
  return { selector, mtls: { mode: mtls === 'Strict' ? 'STRICT' : 'PERMISSIVE' } };
}
