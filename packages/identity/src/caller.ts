import { IdentityError } from './errors.ts';

/** A mesh workload, by the SPIFFE identity of its certificate: `spiffe://<trustDomain>/ns/<namespace>/sa/<serviceAccount>`. */
export interface Workload {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface Session {
  readonly id: string;
  /** Hash of the device's stable properties. */
  readonly device?: string;
}

interface Connected {
  /** Who holds the other end of the mTLS connection: a service, or the gateway. Absent without mTLS. */
  readonly peer?: Workload;
}

interface TokenHolder extends Connected {
  /** Unique at one issuer. */
  readonly id: string;
  readonly issuer: string;
  /** What the token grants at this service, now. */
  readonly permissions: readonly string[];
}

interface TokenUser extends TokenHolder {
  readonly email?: string;
  readonly roles: readonly string[];
  readonly session?: Session;
}

/** No verified token, and no workload behind the connection but perhaps a gateway. */
export interface AnonymousCaller extends Connected {
  readonly kind: 'anonymous';
}

export interface UserCaller extends TokenUser {
  readonly kind: 'user';
}

/** A workload that acts for a user (RFC 8693 section 4.1). */
export interface UserViaWorkloadCaller extends TokenUser {
  readonly kind: 'userViaWorkload';
  /** Subjects of the `act` chain, the one that acts now first. */
  readonly actors: readonly string[];
}

/** A workload or OAuth client that acts for itself, with a token of its own. */
export interface TokenWorkloadCaller extends TokenHolder {
  readonly kind: 'workload';
  readonly proof: 'token';
}

/** A workload that showed its certificate and no token: it has an identity, but no permissions. */
export interface MtlsWorkloadCaller {
  readonly kind: 'workload';
  readonly proof: 'mtls';
  readonly id: string;
  readonly peer: Workload;
}

export type TokenCaller = UserCaller | UserViaWorkloadCaller | TokenWorkloadCaller;
export type Caller = AnonymousCaller | MtlsWorkloadCaller | TokenCaller;

/** The subject that Kubernetes and our minter write for a workload. */
export function workloadId({ namespace, serviceAccount }: Workload): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}

/**
 * The caller, when a verified token came with the request: with an `id` and permissions.
 * @throws IdentityError `token_missing`; also for a workload by mTLS alone, because a token is what it lacks
 */
export function tokenCaller(caller: Caller): TokenCaller {
  if (caller.kind === 'anonymous' || (caller.kind === 'workload' && caller.proof === 'mtls')) {
    throw new IdentityError('token_missing', 'This route needs an access token.');
  }
  return caller;
}
