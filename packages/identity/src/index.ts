export {
  type AnonymousCaller,
  type Caller,
  type MtlsWorkloadCaller,
  type Session,
  type TokenCaller,
  type TokenWorkloadCaller,
  tokenCaller,
  type UserCaller,
  type UserViaWorkloadCaller,
  type Workload,
  workloadId,
} from './caller.ts';
export type { ClaimPath } from './claims.ts';
export { IdentityError, type IdentityErrorCode, ServiceCallError, type ServiceCallErrorCode } from './errors.ts';
export { fetchHeaders, type HeaderBag, receivedHeaders } from './headers.ts';
export {
  createIdentify,
  type Identify,
  type IdentityOptions,
  type ReceivedRequest,
  type VerifyToken,
} from './identify.ts';
export { type ProblemResponse, problemOf } from './problem.ts';
export { type CallerOptions, type GatewayPattern, type IssuerClaims, readCaller } from './read-caller.ts';
export {
  type CallerPattern,
  needsCaller,
  needsPermission,
  needsRole,
  needsToken,
  type Requirement,
} from './require.ts';
export { type TraceHeaders, traceHeaders } from './trace.ts';
