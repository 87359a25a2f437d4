import { Compile } from 'typebox/schema';
import type { DeclaredAnswer, Operation } from './document.ts';
import type { FuzzRequest } from './requests.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const PROBLEM = 'application/problem+json';

/**
 * What is wrong with an answer; nothing when it is as it must be.
 * @param secrets that were sent, and must not come back
 */
export function wrongWith(
  operation: Operation,
  { request, answer, secrets }: { request: FuzzRequest; answer: FuzzAnswer; secrets: readonly string[] },
): readonly string[] {
  const told = `${answer.body}\n${JSON.stringify(answer.headers)}`;
  return [
    ...failed(answer),
    ...secrets.filter((secret) => told.includes(secret)).map((secret) => `tells what was sent: ${secret.slice(0, 40)}`),
    ...letIn(operation, request, answer),
    ...(request.ours ? undeclared(operation, answer) : unlikeAnyAnswer(answer)),
  ];
}

/** Everything that the service needs is there: nothing may fail. One answer asks to come back, in the second of a revocation. */
function failed({ status, body }: FuzzAnswer): readonly string[] {
  return status < 500 || body.includes('this was revoked a moment ago') ? [] : [`fails with ${status}: ${body}`];
}

function letIn({ guarded, app }: Operation, { caller, ours }: FuzzRequest, { status }: FuzzAnswer): readonly string[] {
  if (!guarded || !ours) return [];
  const mayNot = caller === 'nobody' || caller === 'forged' || (app === 'admin' && caller === 'user');
  return mayNot && status < 400 ? [`lets ${caller} in`] : [];
}

function undeclared({ answers, method, path }: Operation, answer: FuzzAnswer): readonly string[] {
  const declared = answers[answer.status];
  if (declared === undefined)
    return [`answers ${answer.status} to ${method} ${path}, which is not declared: ${answer.body}`];
  const contentType = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  if (declared.content === undefined) return answer.body === '' ? [] : ['has a body although none is declared'];
  const media = declared.content[contentType];
  if (media === undefined) return [`answers ${contentType}, which is not declared for ${answer.status}`];
  if ('$ref' in media.schema) return unlikeProblem(answer, declared);
  const body: unknown = JSON.parse(answer.body);
  return Compile(media.schema).Check(body) ? [] : [`answers what its schema does not: ${answer.body}`];
}

/** Whichever operation it was, or none: a success, or a problem. */
function unlikeAnyAnswer(answer: FuzzAnswer): readonly string[] {
  if (answer.status < 400 || answer.body === '') return [];
  return unlikeProblem(answer);
}

function unlikeProblem({ status, headers, body }: FuzzAnswer, declared?: DeclaredAnswer): readonly string[] {
  const contentType = String(headers['content-type']);
  if (!contentType.startsWith(PROBLEM)) return [`answers ${status} as ${contentType}`];
  const problem: Record<string, unknown> = JSON.parse(body);
  const named = [...(declared?.description ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code);
  return [
    ...(problem['status'] === status ? [] : [`says ${problem['status']} within a ${status}`]),
    ...(declared === undefined || named.includes(String(problem['code']))
      ? []
      : [`has the code ${problem['code']}, of ${named}`]),
    ...(status === 401 && headers['www-authenticate'] === undefined ? ['has no challenge'] : []),
  ];
}
