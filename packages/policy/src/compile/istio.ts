/** The part of Istio's security API that is written (istio.io/docs/reference/config/security). */
export type Selector = { readonly matchLabels: Readonly<Record<string, string>> };

export type JwtRule = {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwks: string;
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[];
  readonly forwardOriginalToken: boolean;
  readonly outputPayloadToHeader: string;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
};

export type RequestAuthenticationSpec = { readonly selector: Selector; readonly jwtRules: readonly JwtRule[] };

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

export type When = { readonly key: string; readonly values: readonly string[] };

export type AuthorizationRule = {
  readonly from?: readonly { readonly source: Source }[];
  readonly to?: readonly { readonly operation: OperationMatch }[];
  readonly when?: readonly When[];
};

export type AuthorizationPolicySpec = {
  readonly selector: Selector;
  readonly action: 'ALLOW' | 'DENY';
  readonly rules: readonly AuthorizationRule[];
};

export type PeerAuthenticationSpec = {
  readonly selector: Selector;
  readonly mtls: { readonly mode: 'STRICT' | 'PERMISSIVE' };
};
