import { type Caller, type Session, type Workload, workloadId } from './caller.ts';
import { actors, type ClaimPath, claimAt, optionalNumber, optionalText, requiredText, texts } from './claims.ts';
import { readPeer } from './client-certificate.ts';
import { IdentityError } from './errors.ts';
import type { HeaderBag } from './headers.ts';
import { remember } from './provenance.ts';
import { type JsonObject, readVerifiedToken } from './verified-payload.ts';

/** Where an issuer's tokens keep what this package reports: the claim paths of its TokenIssuer. */
export interface IssuerClaims {
  /** @default ['services', '{service}', 'permissions'] */
  readonly permissions?: ClaimPath;
  /** @default ['user', 'roles'] */
  readonly roles?: ClaimPath;
}

export interface CallerOptions {
  /** This service's name: its audience, and its key in the claim `services`. */
  readonly service: string;
  /**
   * Workloads that only pass on what comes from outside. A request of theirs without a token is anonymous.
   * @default every ServiceAccount of the namespace `istio-ingress`
   */
  readonly gateways?: readonly GatewayPattern[];
  /** Issuers whose tokens have another shape than the platform's own, by the claim `iss`. @default none */
  readonly issuers?: Readonly<Record<string, IssuerClaims>>;
  /** @default the system's clock */
  readonly clock?: () => Date;
}

export interface GatewayPattern {
  readonly namespace: string;
  /** @default every one of the namespace */
  readonly serviceAccount?: string;
}

const DEFAULT_GATEWAYS: readonly GatewayPattern[] = [{ namespace: 'istio-ingress' }];
const DEFAULT_PERMISSIONS: ClaimPath = ['services', '{service}', 'permissions'];
const DEFAULT_ROLES: ClaimPath = ['user', 'roles'];
const SERVICE_ACCOUNT = /^system:serviceaccount:[^:]+:[^:]+$/;

/**
 * Who calls, from the headers that this workload's Envoy wrote. It verifies no signature: that is Envoy's work, and
 * the service must be reachable through its Envoy alone (mTLS `Strict`, the application on loopback).
 * It reads `authorization`, `x-jwt-payload` and `x-forwarded-client-cert` and no other spelling of them.
 * @throws IdentityError `token_malformed`, `audience_mismatch` or `unavailable`: refuse the request, the caller is not known
 */
export function readCaller(headers: HeaderBag, options: CallerOptions): Caller {
  const peer = readPeer(headers);
  const verified = readVerifiedToken(headers);
  const caller = verified === undefined ? tokenless(peer, options) : tokenHolder(verified.payload, peer, options);
  return remember(caller, headers, verified?.token);
}

function tokenless(peer: Workload | undefined, { gateways = DEFAULT_GATEWAYS }: CallerOptions): Caller {
  if (peer === undefined) return { kind: 'anonymous' };
  if (gateways.some((gateway) => isGateway(peer, gateway))) return { kind: 'anonymous', peer };
  return { kind: 'workload', proof: 'mtls', id: workloadId(peer), peer };
}

function isGateway(peer: Workload, { namespace, serviceAccount }: GatewayPattern): boolean {
  return peer.namespace === namespace && (serviceAccount ?? peer.serviceAccount) === peer.serviceAccount;
}

function tokenHolder(payload: JsonObject, peer: Workload | undefined, options: CallerOptions): Caller {
  requireAudience(payload, options.service);
  const issuer = requiredText(payload, ['iss']);
  const paths = claimPaths(issuer, options);
  const common = {
    issuer,
    permissions: permissions(payload, paths.permissions, options.clock?.() ?? new Date()),
    ...(peer !== undefined && { peer }),
  };
  const id = requiredText(payload, ['sub']);
  if (isWorkloadToken(payload, id)) return { kind: 'workload', proof: 'token', id, ...common };
  const user = { ...common, ...userClaims(payload, id), roles: texts(payload, paths.roles) };
  const chain = actors(payload);
  return chain.length === 0 ? { kind: 'user', ...user } : { kind: 'userViaWorkload', ...user, actors: chain };
}

/** RFC 9068 section 4: a token for another audience is refused, even though Envoy was told to as well. */
function requireAudience(payload: JsonObject, service: string): void {
  if (texts(payload, ['aud']).includes(service)) return;
  throw new IdentityError('audience_mismatch', 'The token is for another audience.');
}

function claimPaths(issuer: string, { issuers = {}, service }: CallerOptions) {
  const own = Object.hasOwn(issuers, issuer) ? issuers[issuer] : undefined;
  const resolve = (path: ClaimPath) => path.map((name) => (name === '{service}' ? service : name));
  return {
    permissions: resolve(own?.permissions ?? DEFAULT_PERMISSIONS),
    roles: resolve(own?.roles ?? DEFAULT_ROLES),
  };
}

/** A grant ends at `expires` (epoch seconds), which Envoy cannot compare. */
function permissions(payload: JsonObject, path: readonly string[], now: Date): readonly string[] {
  const granted = texts(payload, path);
  if (path[0] !== 'services') return granted;
  const expires = optionalNumber(payload, [...path.slice(0, -1), 'expires']);
  return expires !== undefined && expires * 1_000 <= now.getTime() ? [] : granted;
}

/** Without a user, the subject is the workload or, by RFC 9068 section 2.2, the client itself. */
function isWorkloadToken(payload: JsonObject, subject: string): boolean {
  if (claimAt(payload, ['user']) !== undefined) return false;
  return SERVICE_ACCOUNT.test(subject) || optionalText(payload, ['client_id']) === subject;
}

function userClaims(payload: JsonObject, subject: string) {
  const email = optionalText(payload, ['user', 'email']);
  const session = readSession(payload);
  return {
    id: optionalText(payload, ['user', 'id']) ?? subject,
    ...(email !== undefined && { email }),
    ...(session !== undefined && { session }),
  };
}

function readSession(payload: JsonObject): Session | undefined {
  if (claimAt(payload, ['session']) === undefined) return undefined;
  const device = optionalText(payload, ['session', 'device']);
  return { id: requiredText(payload, ['session', 'id']), ...(device !== undefined && { device }) };
}
