import type { TargetRef } from '../schema/service-auth-policy.ts';

/** The part of Istio's security API that is written (istio.io/docs/reference/config/security). */
export type Selector = { readonly matchLabels: Readonly<Record<string, string>> };

/** What an object applies to: workloads by their labels, or the proxies of Gateways. */
export type Target = { readonly selector: Selector } | { readonly targetRefs: readonly TargetRef[] };

export type JwtRule = {
  readonly issuer: string;
  /** Absent: tokens for any audience. */
  readonly audiences?: readonly string[];
  readonly jwks: string;
  readonly fromHeaders: readonly { readonly name: string; readonly prefix?: string }[];
  readonly forwardOriginalToken: boolean;
  readonly outputPayloadToHeader: string;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
};

export type RequestAuthenticationSpec = Target & { readonly jwtRules: readonly JwtRule[] };

export type Source = {
  readonly principals?: readonly string[];
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
};

/** An absent or empty list means anything; so lists are left out, never empty. */
export type OperationMatch = {
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
};

/** `notValues` also holds where there is no such attribute: only in a DENY. */
export type When = { readonly key: string } & (
  | { readonly values: readonly string[] }
  | { readonly notValues: readonly string[] }
);

export type AuthorizationRule = {
  readonly from?: readonly { readonly source: Source }[];
  readonly to?: readonly { readonly operation: OperationMatch }[];
  readonly when?: readonly When[];
};

export type AuthorizationPolicySpec = Target & {
  readonly action: 'ALLOW' | 'DENY' | 'CUSTOM';
  /** Of CUSTOM alone, which cannot do without. */
  readonly provider?: { readonly name: string };
  readonly rules: readonly AuthorizationRule[];
};

export type PeerAuthenticationSpec = Target & {
  readonly mtls: { readonly mode: 'STRICT' | 'PERMISSIVE' };
};
