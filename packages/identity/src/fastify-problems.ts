import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IdentityError } from './errors.ts';
import { forWholeApplication } from './fastify-plugin.ts';
import { type ProblemResponse, problem, problemOf } from './problem.ts';

/**
 * Answers every error and every unknown route of the application as a problem (RFC 9457): `await app.register(problems)`.
 * To have an error told, give it a `statusCode` and a `code` like `item_unknown`; its message is the detail. A request
 * that Fastify refuses is `request_invalid`. Anything else is a defect: logged, and told as `internal` and no more.
 * Of a path that cannot be read Fastify asks no plugin: see `answerFrameworkError`.
 */
export const problems = forWholeApplication('@sekisho/identity/problems', async (app: FastifyInstance) => {
  const unknownRoute = problem(404, 'route_unknown', 'There is no such route.');
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) => answer(unknownRoute, reply));
});

/** For the option `frameworkErrors` of Fastify: a path that cannot be read, or of which a part is too long, is answered as a problem, too. */
export function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode = 500 } = error;
  // Its message repeats the path.
  if (statusCode < 500) answer(problem(statusCode, 'request_invalid', 'The path is not well formed.'), reply);
  else answerError(error, request, reply);
}

/** For an application's own error handler, where a handler itself asked for more than the caller has. */
export function answerIdentityError(error: IdentityError, reply: FastifyReply): FastifyReply {
  return answer(problemOf(error), reply);
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = toProblem(error);
  if (told.status >= 500) request.log.error({ err: error }, 'request failed');
  return answer(told, reply);
}

function answer({ status, headers, body }: ProblemResponse, reply: FastifyReply): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

const DEFECT = problem(500, 'internal', 'The request could not be served.');
/** Libraries write theirs in capitals (`ECONNRESET`, `UND_ERR_SOCKET`), with messages that are not for clients. */
const OWN_CODE = /^[a-z][a-z0-9_]*$/;

function toProblem(error: unknown): ProblemResponse {
  if (!hasStatus(error)) return DEFECT;
  const { statusCode, code, message } = error;
  if (code !== undefined && OWN_CODE.test(code)) return problem(statusCode, code, message);
  const fromFastify = code === undefined || code.startsWith('FST_');
  return fromFastify && statusCode < 500 ? problem(statusCode, 'request_invalid', message) : DEFECT;
}

/** Whether somebody meant an error to be an answer. A plain 500 says no more than a defect does. */
function hasStatus(error: unknown): error is Error & { statusCode: number; code?: string } {
  if (!(error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')) return false;
  if ('code' in error && typeof error.code !== 'string') return false;
  return error.statusCode >= 400 && error.statusCode < 600 && error.statusCode !== 500;
}
