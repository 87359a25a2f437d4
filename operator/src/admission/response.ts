import { type Advice, describeProblems, type Problem, type ProblemCode } from '@sekisho/policy';
import { type AdmissionRequest, API_VERSION, KIND } from './request.ts';
import type { Verdict } from './verdict.ts';

/** Bounds of an answer; what is left out is counted. */
const MAX_PROBLEMS = 100;
const MAX_WARNINGS = 16;
/** The API server cuts a warning there (AdmissionResponse.warnings). */
const MAX_WARNING_LENGTH = 256;

/** The AdmissionReview that answers a request. */
export function reviewOf({ uid, kind, name }: AdmissionRequest, verdict: Verdict): object {
  const answer = verdict.allowed
    ? { allowed: true, ...(verdict.advice.length > 0 && { warnings: warnings(verdict.advice) }) }
    : { allowed: false, status: refusal({ kind: kind.kind, group: kind.group, name }, verdict.problems) };
  return { apiVersion: API_VERSION, kind: KIND, response: { uid, ...answer } };
}

/** A metav1.Status as the API server's own validation gives it: kubectl prints one line for each cause of an `Invalid`. */
function refusal(about: { kind: string; group: string; name: string | undefined }, problems: readonly Problem[]) {
  const causes = problems.slice(0, MAX_PROBLEMS).map(({ path, code, message, hint }) => ({
    reason: CAUSE[code] ?? 'FieldValueInvalid',
    message: `${message}; ${hint}`,
    field: path,
  }));
  const message = describeProblems(problems, MAX_PROBLEMS);
  return { status: 'Failure', code: 422, reason: 'Invalid', message, details: { ...about, causes } };
}

/** metav1.CauseType; those that are missing here are FieldValueInvalid. */
const CAUSE: Partial<Record<ProblemCode, string>> = {
  UnknownField: 'FieldValueNotSupported',
  Missing: 'FieldValueRequired',
  WrongType: 'FieldValueTypeInvalid',
  Duplicate: 'FieldValueDuplicate',
  PrivateKey: 'FieldValueForbidden',
  Unsupported: 'FieldValueNotSupported',
};

function warnings(advice: readonly Advice[]): readonly string[] {
  const texts = advice.map(({ path, message, hint }) => cut(`${path} ${message}; ${hint}`));
  const rest = texts.length - MAX_WARNINGS;
  return rest > 0 ? [...texts.slice(0, MAX_WARNINGS), `and ${rest} more`] : texts;
}

function cut(text: string): string {
  return text.length <= MAX_WARNING_LENGTH ? text : `${text.slice(0, MAX_WARNING_LENGTH - 1)}…`;
}
