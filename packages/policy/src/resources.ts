import type { Jwks } from './parse/jwks.ts';
import type { ServiceAuthPolicySpec } from './schema/service-auth-policy.ts';
import type { ServiceAuthPolicyStatus, TokenIssuerStatus } from './schema/status.ts';
import type { RequiredClaim, TokenIssuerSpec } from './schema/token-issuer.ts';
import type { API_VERSION, ISSUER_KIND, POLICY_KIND } from './vocabulary.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** The part of Kubernetes' ObjectMeta that the compiler reads; an API server adds more, which is left alone. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** A custom resource as the API server gave it: `spec` and `status` are not trusted to have any shape. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/**
 * Where the guard is asked whether a token was revoked. `None`: a Gateway whose policy does not ask for it.
 * Of a workload, `Edge` leaves the question to the gateway in front.
 */
export type RevocationCheck = 'Edge' | 'EveryHop' | 'None';

/** A parsed ServiceAuthPolicy: every default is applied. */
export interface ServiceAuthPolicy {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof POLICY_KIND;
  readonly metadata: ObjectMeta;
  readonly spec: Omit<ServiceAuthPolicySpec, 'revocation'> & {
    service: string;
    mode: 'Enforce' | 'Shadow';
    revocation: { check: RevocationCheck; whenUnavailable: 'Deny' | 'Allow' };
  };
  readonly status?: ServiceAuthPolicyStatus;
}

/** A parsed TokenIssuer: every default is applied, inline keys are validated. */
export interface TokenIssuer {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof ISSUER_KIND;
  readonly metadata: ObjectMeta;
  readonly spec: Omit<TokenIssuerSpec, 'jwks' | 'permissions' | 'roles' | 'requiredClaims' | 'default'> & {
    readonly jwks?: Jwks;
    readonly permissions: readonly string[];
    readonly roles: readonly string[];
    readonly requiredClaims: readonly RequiredClaim[];
    readonly default: boolean;
  };
  readonly status?: TokenIssuerStatus;
}

export type IstioKind = 'RequestAuthentication' | 'AuthorizationPolicy' | 'PeerAuthentication';

/** A generated object: `security.istio.io/v1`, in the policy's namespace. */
export interface IstioObject {
  readonly apiVersion: string;
  readonly kind: IstioKind;
  readonly metadata: ObjectMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface ObjectRef {
  readonly kind: IstioKind;
  readonly name: string;
  readonly namespace: string;
}
