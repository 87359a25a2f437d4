import type { Actor } from '../audit/audit.ts';

/** A Kubernetes ServiceAccount: what a pod runs as, and what it proves to be. */
export interface WorkloadId {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What a workload may do at one service; what is absent is not allowed at all. */
export interface WorkloadGrant {
  readonly service: string;
  /** For itself: permissions of its service tokens, which may be none. */
  readonly own?: readonly string[];
  /** For a user who called it: at most these of what the user may do there. */
  readonly delegated?: DelegatedGrant;
}

export interface DelegatedGrant {
  readonly permissions: readonly string[];
  /** Roles of the user that the other service may see; policies decide by roles too. */
  readonly roles: readonly string[];
}

export interface Workload extends WorkloadId {
  /** The audience whose tokens it receives: only those can it exchange. Absent for one that nobody calls for users. */
  readonly service?: string;
  readonly grants: readonly WorkloadGrant[];
  /** Grows with each change. */
  readonly version: number;
}

/** Reads what workloads may do, wherever that is kept. Rejects with AuthError `unavailable` when that place is away. */
export interface WorkloadDirectory {
  /** Undefined for a workload that nothing was granted to. */
  find(id: WorkloadId): Promise<Workload | undefined>;
}

/** As Kubernetes itself names it, in `sub` of its tokens. */
export function workloadName({ namespace, serviceAccount }: WorkloadId): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}

export type WorkloadSettings = Pick<Workload, 'service' | 'grants'>;

export interface WorkloadQuery {
  /** Only workloads after this one, in the order of namespace and name. */
  readonly after?: WorkloadId;
  readonly limit: number;
}

/** Workloads, wherever they are kept; every change is in the audit log. Every method rejects with AuthError `unavailable`. */
export interface WorkloadStore extends WorkloadDirectory {
  list(query: WorkloadQuery): Promise<readonly Workload[]>;
  /**
   * @param version the one that the change was decided on; undefined for a workload that there is not yet
   * @throws AuthError `version_conflict`, `version_required`
   */
  put(id: WorkloadId, settings: WorkloadSettings, by: WorkloadChange): Promise<Workload>;
  /** @returns whether there was one */
  remove(id: WorkloadId, actor: Actor): Promise<boolean>;
}

export interface WorkloadChange {
  readonly actor: Actor;
  readonly version: number | undefined;
}
