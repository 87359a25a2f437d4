import { type IdentityError, isRefusal } from './errors.ts';
import { problemOf } from './problem.ts';

/** A refusal as a fetch `Response`. */
export function refusalResponse(error: IdentityError): Response {
  const { status, headers, body } = problemOf(error);
  return new Response(JSON.stringify(body), { status, headers });
}

/** The answer to a refusal. @throws every error that is none */
export function toRefusal(error: unknown): Response {
  if (!isRefusal(error)) throw error;
  return refusalResponse(error);
}
