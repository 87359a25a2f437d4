/** Who changes something: a user with a token, or the service itself. */
export interface Actor {
  /** `sub` of the token, or `system:...`. */
  readonly subject: string;
  readonly client?: string;
  readonly session?: string;
  /** As in the log line of the request. */
  readonly requestId: string;
}

/** Past tense: what is in the log has happened. */
export const AUDIT_ACTIONS = [
  'user.created',
  'user.updated',
  'user.deleted',
  'grants.changed',
  'password.reset',
  'password.changed',
  'workload.granted',
  'workload.removed',
  'client.created',
  'client.updated',
  'client.secret_added',
  'client.deleted',
  'key.rotation_requested',
  'key.compromised',
  'tokens.revoked',
  'region.lost',
  'region.returned',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What a field was and is; `undefined` where it was not or is not any more. Never a password or secret, hashed or not. */
export interface FieldChange {
  readonly old?: unknown;
  readonly new?: unknown;
}
export type Changes = Readonly<Record<string, FieldChange>>;

export interface AuditRecord {
  readonly actor: Actor;
  readonly action: AuditAction;
  /** `user:<id>`, `workload:<namespace>.<name>`, `client:<id>`, `key:<kid>`, `region:<name>`; of a revocation, what it names. */
  readonly target: string;
  readonly changes: Changes;
}

export interface AuditEntry extends AuditRecord {
  /** Grows; a cursor. */
  readonly id: string;
  readonly at: Date;
}

export interface AuditQuery {
  readonly target?: string;
  /** `sub` of who did it. */
  readonly actor?: string;
  readonly action?: AuditAction;
  /** Inclusive. */
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
  /** Only entries before this one. */
  readonly before?: string;
  readonly limit: number;
}

export interface AuditLog {
  /** The newest first. Rejects with AuthError `unavailable`. */
  list(query: AuditQuery): Promise<readonly AuditEntry[]>;
}

export const userTarget = (userId: string) => `user:${userId}`;
