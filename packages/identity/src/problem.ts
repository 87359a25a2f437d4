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

export function problemOf({ statusCode, code, message }: IdentityError): ProblemResponse {
  return problem(statusCode, code, message);
}

/** A 401 carries `WWW-Authenticate` (RFC 9110 section 15.5.2). */
export function problem(status: number, code: string, detail: string): ProblemResponse {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 && { 'www-authenticate': challenge(code) }),
    },
    body: { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail },
  };
}

const OF_THE_TOKEN: ReadonlySet<string> = new Set([
  'token_malformed',
  'token_expired',
  'token_invalid',
  'audience_mismatch',
]);

/** RFC 6750 section 3.1: only a request with a token is told an error code. */
function challenge(code: string): string {
  const realm = 'Bearer realm="sekisho"';
  return OF_THE_TOKEN.has(code) ? `${realm}, error="invalid_token"` : realm;
}
