import type { Jwks } from './parse/jwks.ts';
import type { Outcome, Plan, Snapshot } from './plan/types.ts';
import type { Parsed } from './problem.ts';
import type { ServiceAuthPolicy, TokenIssuer } from './resources.ts';
import type { ServiceAuthPolicyStatus } from './schema/status.ts';

export type { Jwks, PublicJwk } from './parse/jwks.ts';
export type { IssuerState, Outcome, Plan, Snapshot } from './plan/types.ts';
export { describeProblems, type Parsed, type Problem, type ProblemCode } from './problem.ts';
export type {
  IstioKind,
  IstioObject,
  ObjectMeta,
  ObjectRef,
  OwnerReference,
  RawObject,
  ServiceAuthPolicy,
  TokenIssuer,
} from './resources.ts';
export type {
  Allow,
  Caller,
  ClaimCondition,
  Operation,
  PolicyRule,
  ServiceAuthPolicySpec,
  ValueSet,
} from './schema/service-auth-policy.ts';
export type { Condition, ServiceAuthPolicyStatus, TokenIssuerStatus } from './schema/status.ts';
export type { TokenIssuerSpec } from './schema/token-issuer.ts';
export {
  API_VERSION,
  CLAIM_TO_HEADER,
  GROUP,
  IDENTITY_HEADER,
  ISSUER_KIND,
  LABEL,
  LIMIT,
  MANAGED_BY,
  POLICY_KIND,
  VERSION,
} from './vocabulary.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export declare function parseServiceAuthPolicy(raw: unknown): Parsed<ServiceAuthPolicy>;
export declare function parseTokenIssuer(raw: unknown): Parsed<TokenIssuer>;
export declare function parseJwks(raw: unknown): Parsed<Jwks>;
export declare function crds(): readonly CustomResourceDefinition[];
export declare function plan(snapshot: Snapshot, now: Date): Plan;
export declare function programmed(plan: Plan, outcome: Outcome, now: Date): ServiceAuthPolicyStatus;
export declare function statusEquals(a: unknown, b: unknown): boolean;
