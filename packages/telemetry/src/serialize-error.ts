const MAX_CAUSES = 4;

export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

/**
 * An allow list instead of every own property: clients attach what they sent to their errors
 * (ioredis the command with its arguments, pg the row), and a log must not hold it.
 */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'a value that is not an Error was thrown' };
  const code = 'code' in error ? error.code : undefined;
  const nested = error.cause !== undefined && depth < MAX_CAUSES;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(nested && { cause: serializeError(error.cause, depth + 1) }),
  };
}
