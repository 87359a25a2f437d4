import { STATUS_CODES } from 'node:http';
import { SessionError } from '@sekisho/sessions';
import { TokenError } from '@sekisho/tokens';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AuthError } from '../errors.ts';

interface FieldError {
  /** JSON pointer into the body (RFC 6901). */
  readonly field: string;
  readonly message: string;
}

/** RFC 9457, with a stable `code`. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** What fastify or Node itself refuses, by status; their own messages are written for developers. */
const REQUEST_PROBLEMS: Readonly<Record<number, { code: string; detail: string }>> = {
  400: { code: 'request_malformed', detail: 'the request is not well formed' },
  408: { code: 'request_timeout', detail: 'the request took too long to arrive' },
  413: { code: 'body_too_large', detail: 'the body is larger than this service reads' },
  414: { code: 'request_malformed', detail: 'the path is longer than this service reads' },
  415: { code: 'media_type_unsupported', detail: 'the body must be application/json' },
  431: { code: 'headers_too_large', detail: 'the headers are larger than this service reads' },
};

const INTERNAL: Problem = { status: 500, code: 'internal', detail: 'the service failed' };

const codes = new WeakMap<FastifyReply, string>();

/** The one error handler: every error of every route becomes an answer here, and only here. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  return answerProblem(reply, problem);
}

/** With which code a request was refused, for the log. */
export function answeredCode(reply: FastifyReply): string | undefined {
  return codes.get(reply);
}

export function answerProblem(reply: FastifyReply, problem: Problem) {
  codes.set(reply, problem.code);
  return reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(problemBody(problem));
}

export function problemBody({ status, code, detail, errors }: Problem) {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, detail, code, ...(errors !== undefined && { errors }) };
}

export function toProblem(error: unknown): Problem {
  if (error instanceof AuthError) return fromAuth(error);
  if (error instanceof TokenError) return fromToken(error);
  if (error instanceof SessionError) return fromSession(error);
  if (isFastifyError(error)) return fromFastify(error);
  return INTERNAL;
}

function fromAuth({ status, code, message, retryAfter, field }: AuthError): Problem {
  if (status === 500) return INTERNAL;
  const headers = {
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    // RFC 9110 section 15.5.2 wants a challenge with every 401; a password in a body has no scheme of its own.
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="sekisho"' }),
  };
  return { status, code, detail: message, headers, ...(field !== undefined && { errors: [{ field, message }] }) };
}

/** RFC 6750 section 3.1: a request without a token is told no error code. */
function fromToken({ code, message }: TokenError): Problem {
  if (code === 'claims_too_large')
    return fromAuth(new AuthError(code, 'ask for fewer services: the token is too long'));
  if (code === 'claims_invalid' || code === 'key_invalid' || code === 'key_unreadable') return INTERNAL;
  const challenge = code === 'token_missing' ? '' : ', error="invalid_token"';
  return { status: 401, code, detail: message, headers: { 'www-authenticate': `Bearer realm="sekisho"${challenge}` } };
}

const SESSION_OUTAGES: ReadonlyMap<SessionError['code'], string> = new Map([
  ['redis_unavailable', 'the session store does not answer'],
  ['session_untold', 'the session may have begun in another region, which could not tell of it yet: try again'],
]);

function fromSession({ code }: SessionError): Problem {
  const detail = SESSION_OUTAGES.get(code);
  return detail === undefined ? INTERNAL : fromAuth(new AuthError('unavailable', detail, { retryAfter: 1 }));
}

function fromFastify({ statusCode = 500, validation }: FastifyError): Problem {
  if (validation !== undefined) {
    const detail = 'the request does not fit its schema';
    return {
      status: 400,
      code: 'request_invalid',
      detail,
      errors: validation.slice(0, MAX_FIELD_ERRORS).map(toFieldError),
    };
  }
  return requestProblem(statusCode);
}

/** What a request is told that no route saw. */
export function requestProblem(status: number): Problem {
  const known = REQUEST_PROBLEMS[status];
  return known === undefined ? INTERNAL : { status, ...known };
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}

/** A body can hold thousands of unknown fields: the answer must not be many times its size. */
const MAX_FIELD_ERRORS = 16;
const MAX_FIELD_LENGTH = 100;

function toFieldError({ instancePath, params, message = 'is not valid' }: ValidationIssue): FieldError {
  // Both name a property of the object at instancePath: the one that is missing, or the one that is unknown.
  const property = params['missingProperty'] ?? params['additionalProperty'];
  const field = property === undefined ? instancePath : `${instancePath}/${String(property)}`;
  return { field: field.slice(0, MAX_FIELD_LENGTH), message };
}

type ValidationIssue = NonNullable<FastifyError['validation']>[number];
