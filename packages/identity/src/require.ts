import { type Caller, tokenCaller, type Workload } from './caller.ts';
import { IdentityError } from './errors.ts';

/** A rule that a caller must meet. Throws an IdentityError when it does not; the same for every framework. */
export type Requirement = (caller: Caller) => void;

/** @throws IdentityError `token_missing` */
export const needsToken: Requirement = (caller) => {
  tokenCaller(caller);
};

/** @throws IdentityError `token_missing` without a token, `permission_missing` with one that does not grant it */
export function needsPermission(permission: string): Requirement {
  return (caller) => {
    if (tokenCaller(caller).permissions.includes(permission)) return;
    throw new IdentityError('permission_missing', `This route needs the permission ${permission}.`);
  };
}

/** @throws IdentityError `token_missing` without a token, `permission_missing` for who does not have the role */
export function needsRole(role: string): Requirement {
  return (caller) => {
    const holder = tokenCaller(caller);
    if (holder.kind !== 'workload' && holder.roles.includes(role)) return;
    throw new IdentityError('permission_missing', `This route needs the role ${role}.`);
  };
}

export interface CallerPattern {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** @default 'cluster.local' */
  readonly trustDomain?: string;
}

/** By the mTLS identity of the direct caller, whatever token came along. @throws IdentityError `caller_not_allowed` */
export function needsCaller(allowed: readonly CallerPattern[]): Requirement {
  return ({ peer }) => {
    if (peer !== undefined && allowed.some((pattern) => matches(peer, pattern))) return;
    throw new IdentityError('caller_not_allowed', 'This route is open to certain workloads only.');
  };
}

function matches(peer: Workload, { namespace, serviceAccount, trustDomain = 'cluster.local' }: CallerPattern): boolean {
  return peer.namespace === namespace && peer.serviceAccount === serviceAccount && peer.trustDomain === trustDomain;
}
