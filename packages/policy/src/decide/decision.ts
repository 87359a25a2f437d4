import type { Claims } from './claim-values.ts';

/** One request, as Envoy's filters see it after the mesh's path normalisation. */
export interface DecisionRequest {
  readonly method: string;
  /** Without query and fragment. Of a target that no Envoy has normalised yet, `meshPath`; else `pathOf`. */
  readonly path: string;
  /** Of the workload, not of its Service. */
  readonly port: number;
  /** See `isCorsPreflight`. @default false */
  readonly preflight?: boolean;
}

/** The mTLS identity of the direct caller. */
export interface DirectCaller {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Why a presented token does not count. */
export type TokenRefusal =
  | 'token_malformed'
  | 'token_expired'
  | 'token_invalid'
  | 'token_revoked'
  | 'session_expired'
  | 'audience_mismatch';

export type PresentedToken =
  /** Signature, issuer and times were verified with the keys of the issuer that `claims.iss` names. */
  { readonly state: 'verified'; readonly claims: Claims } | { readonly state: 'refused'; readonly code: TokenRefusal };

/** Who asks; both are absent for an anonymous request over plaintext. */
export interface RequestIdentity {
  readonly caller?: DirectCaller;
  readonly token?: PresentedToken;
}

export type DenialCode =
  | TokenRefusal
  | 'token_missing'
  | 'permission_missing'
  | 'caller_not_allowed'
  /** No rule names this method, path and port. */
  | 'route_unknown';

export type Decision =
  | { readonly allowed: true; readonly rule: string }
  | {
      readonly allowed: false;
      readonly code: DenialCode;
      /** The rule that came nearest, where one names the request. */
      readonly rule?: string;
      /** One sentence for each rule that names the request: what it asks for. Nothing of the token is repeated. */
      readonly why: readonly string[];
    };
