/** Why a document was refused; stable, so that tools may match on it. */
export type ProblemCode =
  | 'UnknownField'
  | 'Missing'
  | 'WrongType'
  | 'OutOfBounds'
  | 'BadValue'
  | 'Wildcard'
  | 'Exclusive'
  | 'Duplicate'
  | 'PathTemplate'
  | 'PrivateKey'
  | 'RootNamespace'
  | 'NameTaken'
  | 'Unsupported';

/** One refusal: where (`spec.rules[0].allow.permissions.anyOf[1]`), what, and the way out. */
export interface Problem {
  readonly path: string;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Wraps a value with what was found wrong in it: refused when there is any problem. */
export function parsed<T>(value: T, problems: readonly Problem[]): Parsed<T> {
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
}

/** One sentence for a condition's message or a terminal; lists the first problems and counts the rest. */
export function describeProblems(problems: readonly Problem[], limit = 5): string {
  const shown = problems.slice(0, limit).map(({ path, message, hint }) => `${path}: ${message}; ${hint}`);
  const rest = problems.length - shown.length;
  return rest > 0 ? `${shown.join(' | ')} | and ${rest} more` : shown.join(' | ');
}
