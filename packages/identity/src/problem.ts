import { STATUS_CODES } from 'node:http';
import type { IdentityError } from './errors.ts';

/** A refusal as RFC 9457 wants it, for any HTTP framework. */
export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly type: 'about:blank';
    readonly title: string;
    readonly status: number;
    readonly code: string;
    readonly detail: string;
  };
}

/** A 401 carries `WWW-Authenticate` (RFC 9110 section 11.6.1). */
export function problemOf(error: IdentityError): ProblemResponse {
  const status = error.statusCode;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': challenge(error) }),
    },
    body: {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      code: error.code,
      detail: error.message,
    },
  };
}

/** RFC 6750 section 3.1: a request without a token is told no error code. */
function challenge(error: IdentityError): string {
  return error.code === 'token_missing' ? 'Bearer realm="sekisho"' : 'Bearer realm="sekisho", error="invalid_token"';
}
