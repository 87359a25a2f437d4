import {
  type CallerPattern,
  needsCaller,
  needsPermission,
  needsRole,
  needsToken,
  type Requirement,
} from './require.ts';

/** What routes ask of their callers, in the form that a framework wants. */
export interface Guards<Guard> {
  /** 401 without a token. */
  readonly requireToken: () => Guard;
  /** 401 without a token, 403 when the token does not grant the permission at this service. */
  readonly requirePermission: (permission: string) => Guard;
  /** 401 without a token, 403 when the user does not have the role. */
  readonly requireRole: (role: string) => Guard;
  /** 403 unless the direct caller is one of these workloads, by mTLS. */
  readonly requireCaller: (...allowed: readonly CallerPattern[]) => Guard;
}

export function guards<Guard>(requiring: (requirement: Requirement) => Guard): Guards<Guard> {
  return {
    requireToken: () => requiring(needsToken),
    requirePermission: (permission) => requiring(needsPermission(permission)),
    requireRole: (role) => requiring(needsRole(role)),
    requireCaller: (...allowed) => requiring(needsCaller(allowed)),
  };
}
