import { errors } from 'oidc-provider';

const STATUS = 429;

/**
 * RFC 6585 section 4. The token endpoint has no error code of its own for it; the status and Retry-After tell.
 * @param retryAfter seconds
 */
export function tooManyRequests(
  ctx: { set(name: string, value: string): void },
  description: string,
  retryAfter: number,
): Error {
  ctx.set('retry-after', String(retryAfter));
  return Object.assign(new errors.TemporarilyUnavailable(description), { status: STATUS, statusCode: STATUS });
}
