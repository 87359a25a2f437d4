import type { ServiceAuthPolicySpec } from '@sekisho/policy';
import type { ISSUER_NAMES } from './issuers.ts';
import type { PORTS } from './workload.ts';

/** A policy as it is tried: target, service and a rule of their own are added for each trial. */
export type TriedPolicy = Pick<ServiceAuthPolicySpec, 'rules'> & {
  readonly issuers: readonly IssuerName[];
  readonly mtls: 'Strict' | 'Permissive';
  /** Whether the guard is asked in front of the workload, too. */
  readonly check: 'Edge' | 'EveryHop';
};

export type IssuerName = (typeof ISSUER_NAMES)[number];

/** One request, and what it is to mean. `SERVICE` in claims stands for the trial's service. */
export interface TriedRequest {
  readonly method: string;
  /** Bytes as latin1. */
  readonly target: string;
  readonly port: (typeof PORTS)[number]['number'];
  /** `namespace/serviceAccount` of the mTLS certificate; absent: plain text. */
  readonly caller?: string | undefined;
  readonly token?: TriedToken | undefined;
  readonly cors?: CorsHeaders | undefined;
}

export const CORS_KINDS = [
  'preflight',
  'two origins',
  'no origin',
  'no method',
  'empty origin',
  'empty method',
] as const;
export type CorsHeaders = (typeof CORS_KINDS)[number];

export interface TriedToken {
  readonly issuer: IssuerName | 'stranger';
  readonly defect?: Defect | undefined;
  /** How it is sent; T stands for the token, each line is an `Authorization` header. */
  readonly sent: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** An id token has nothing of what issuers require unless `claims` say so, an access token all of it. @default 'access' */
  readonly kind?: 'access' | 'id';
}

/** What is wrong with a token apart from its claims; the first three are nothing. */
export type Defect =
  | 'no exp'
  | 'just expired'
  | 'no kid'
  | 'expired'
  | 'not yet'
  | 'foreign key'
  | 'key of another issuer'
  | 'unknown kid'
  | 'no JWT'
  | 'no signature';

/** Stands in claim names and values for the service of the trial. */
export const SERVICE = '$service';
