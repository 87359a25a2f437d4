import { STATUS_CODES } from 'node:http';
import { IdentityError } from '@sekisho/identity';
import { answerIdentityError } from '@sekisho/identity/fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Answers every error as `application/problem+json` (RFC 9457). What is not the client's fault is logged, not told. */
export function answerError(
  error: FastifyError | IdentityError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof IdentityError) return answerIdentityError(error, reply);
  const status = error.statusCode ?? 500;
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  if (status === 500) return answerProblem(reply, 500, 'internal', 'The request could not be served.');
  return answerProblem(reply, status, codeOf(error), error.message);
}

export function answerUnknownRoute(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerProblem(reply, 404, 'route_unknown', 'There is no such route.');
}

/** Fastify's own codes (FST_ERR_VALIDATION and the like) all tell of a request that is not well formed. */
function codeOf({ code = 'request_invalid' }: Partial<FastifyError>): string {
  return code.startsWith('FST_') ? 'request_invalid' : code;
}

function answerProblem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
  return reply.code(status).type('application/problem+json').send(problem);
}
