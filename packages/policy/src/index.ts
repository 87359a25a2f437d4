export type { Advice } from './advice/advice.ts';
export { issuerAdvice, type KnownIssuer, missingIssuers } from './advice/issuer-advice.ts';
export { policyAdvice } from './advice/policy-advice.ts';
export type { IssuerState } from './compile/issuers.ts';
export type { Target } from './compile/istio.ts';
export { type CustomResourceDefinition, crds } from './crd/crds.ts';
export { claimValues } from './decide/claim-values.ts';
export { type DecisionPolicy, decide, type Prepared, prepareDecision } from './decide/decide.ts';
export type {
  Decision,
  DecisionRequest,
  DenialCode,
  DirectCaller,
  PresentedToken,
  RequestIdentity,
  TokenRefusal,
} from './decide/decision.ts';
export { type FetchMetadata, isCrossSiteUse, isSameOrigin } from './decide/fetch-metadata.ts';
export { meshPath, pathOf } from './decide/mesh-path.ts';
export { isCorsPreflight } from './decide/preflight.ts';
export { isReturnPath } from './decide/return-path.ts';
export { basisOf, groupOf, type Identified } from './enforcement/basis.ts';
export { judgeSight } from './enforcement/enforced.ts';
export type { EnforcedReason } from './enforcement/reason.ts';
export type { ProxySight, ReplicaProblem, Sight, WorkloadProxy } from './enforcement/sight.ts';
export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { familyOf, placesMeeting, placesOf } from './meeting.ts';
export type { Mesh, MeshFacts } from './mesh/capability.ts';
export { type ExtAuthzProvider, type MeshConfig, parseMeshConfig } from './mesh/mesh-config.ts';
export type { Surroundings } from './mesh/surroundings.ts';
export type { Warning, WarningReason } from './mesh/warning.ts';
export { warningsOf } from './mesh/warnings.ts';
export { describeIgnored, type IgnoredKeys, type Jwks, type PublicJwk, parseJwks } from './parse/jwks.ts';
export { parseServiceAuthPolicy } from './parse/service-auth-policy.ts';
export { readIssuerStatus, readPolicyStatus } from './parse/status.ts';
export { parseTokenIssuer } from './parse/token-issuer.ts';
export { misplacement } from './placement.ts';
export type { AcceptedReason, ProgrammedReason } from './plan/conditions.ts';
export { governor } from './plan/conflict.ts';
export { holds } from './plan/holds.ts';
export { plan } from './plan/plan.ts';
export {
  type Rendered,
  type RenderedPolicy,
  renderPolicies,
  type Unrendered,
  type WrittenPolicies,
} from './plan/render.ts';
export { programmed, statusEquals } from './plan/status.ts';
export type { Awaited, Outcome, Plan, Snapshot } from './plan/types.ts';
export { type WrittenMesh, writtenIssuers, writtenMesh } from './plan/written.ts';
export { describeProblems, type Parsed, type Problem, type ProblemCode } from './problem.ts';
export type {
  IstioKind,
  IstioObject,
  ObjectMeta,
  ObjectRef,
  OwnerReference,
  RawObject,
  RevocationCheck,
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
  TargetRef,
  ValueSet,
} from './schema/service-auth-policy.ts';
export type { Condition, ServiceAuthPolicyStatus, TokenIssuerStatus } from './schema/status.ts';
export type { RequiredClaim, TokenIssuerSpec } from './schema/token-issuer.ts';
export { newServiceDispute, serviceHolders, serviceInForce, serviceNames } from './service-name.ts';
export { type Labels, labelSets, mayMeet, selectsAll, targetOf } from './target.ts';
export {
  API_VERSION,
  CLAIM_TO_HEADER,
  GATEWAY,
  GROUP,
  IDENTITY_HEADER,
  ISSUER_KIND,
  LABEL,
  LIMIT,
  MANAGED_BY,
  POLICY_KIND,
  PROVIDER,
  VERSION,
} from './vocabulary.ts';
