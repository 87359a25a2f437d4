/** Stable codes; what a caller may branch on. */
export type KubeErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  /** Nothing can be created any more in a namespace that is being deleted. */
  | 'namespace_terminating'
  | 'not_found'
  | 'kind_unknown'
  | 'already_exists'
  | 'conflict'
  | 'gone'
  | 'invalid'
  | 'too_many_requests'
  | 'unavailable'
  | 'unexpected_status'
  | 'malformed'
  | 'too_large'
  | 'timeout'
  | 'network'
  | 'aborted'
  | 'not_leader'
  | 'config';

export interface KubeErrorDetails {
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  /** How long the server asked to wait, from Retry-After. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Every failure of this package. `status` and `reason` are those of the API server's answer, when there was one. */
export class KubeError extends Error {
  override readonly name: string = 'KubeError';
  readonly code: KubeErrorCode;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The object does not exist. */
export class NotFoundError extends KubeError {
  override readonly name = 'NotFoundError';
}
/** The API server serves no such kind: its CustomResourceDefinition is not installed (yet). */
export class KindUnknownError extends KubeError {
  override readonly name = 'KindUnknownError';
}
export class AlreadyExistsError extends KubeError {
  override readonly name = 'AlreadyExistsError';
}
/** A precondition (uid, resourceVersion) failed, or another field manager owns a field. */
export class ConflictError extends KubeError {
  override readonly name = 'ConflictError';
}
/** The resourceVersion or continue token is too old: list again. */
export class GoneError extends KubeError {
  override readonly name = 'GoneError';
}
export class ForbiddenError extends KubeError {
  override readonly name = 'ForbiddenError';
}
export class InvalidError extends KubeError {
  override readonly name = 'InvalidError';
}

type KubeErrorClass = new (code: KubeErrorCode, message: string, details?: KubeErrorDetails) => KubeError;

const CLASSES: Partial<Record<KubeErrorCode, KubeErrorClass>> = {
  not_found: NotFoundError,
  kind_unknown: KindUnknownError,
  already_exists: AlreadyExistsError,
  conflict: ConflictError,
  gone: GoneError,
  forbidden: ForbiddenError,
  namespace_terminating: ForbiddenError,
  invalid: InvalidError,
};

/** The error of the class that belongs to `code`. */
export function kubeError(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}): KubeError {
  const Class = CLASSES[code] ?? KubeError;
  return new Class(code, message, details);
}
