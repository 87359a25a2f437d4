import type { Outcome, Plan, Snapshot } from './plan/types.ts';
import type { ServiceAuthPolicyStatus } from './schema/status.ts';

export { type CustomResourceDefinition, crds } from './crd/crds.ts';
export { type Jwks, type PublicJwk, parseJwks } from './parse/jwks.ts';
export { parseServiceAuthPolicy } from './parse/service-auth-policy.ts';
export { readIssuerStatus, readPolicyStatus } from './parse/status.ts';
export { parseTokenIssuer } from './parse/token-issuer.ts';
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

export declare function plan(snapshot: Snapshot, now: Date): Plan;
export declare function programmed(plan: Plan, outcome: Outcome, now: Date): ServiceAuthPolicyStatus;
export declare function statusEquals(a: unknown, b: unknown): boolean;
