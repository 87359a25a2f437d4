import { bearerToken, TokenError } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { ExchangeError } from './errors.ts';
import { type WorkloadId, workloadName } from './workload.ts';
import type { ProveWorkload } from './workload-proof.ts';

export interface WorkloadsAllowed {
  /** Who is the guard. */
  readonly workloads: readonly WorkloadId[];
  /** None where workloads cannot prove anything. */
  readonly proveWorkload: ProveWorkload | undefined;
}

/** Before any body is read: lets the guard alone through. @throws TokenError, AuthError `permission_missing`, `unavailable` */
export function authorizeGuard({ workloads, proveWorkload }: WorkloadsAllowed) {
  const names = new Set(workloads.map(workloadName));
  return async ({ headers }: { readonly headers: { readonly authorization?: string | undefined } }): Promise<void> => {
    const token = bearerToken(headers.authorization);
    const workload = await proveWorkload?.(token).catch(refuseToken);
    if (workload !== undefined && names.has(workloadName(workload))) return;
    throw new AuthError('permission_missing', 'this is for the workloads that GUARD_WORKLOADS names');
  };
}

function refuseToken(cause: unknown): never {
  throw cause instanceof ExchangeError ? new TokenError('token_invalid', cause.message, { cause }) : cause;
}
