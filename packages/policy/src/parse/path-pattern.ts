import type { Problem, ProblemCode } from '../problem.ts';

const SEGMENT = '{*}';
const REST = '{**}';

// Istio's validLiteral (pkg/config/security). On a template that it cannot parse, such as one with an empty segment, Envoy does
// not start, so whatever Istio's check would let through must be refused here.
const TEMPLATE_LITERAL = /^[A-Za-z0-9\-._~%!$&'()+,;:@=]+$/;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/** True when Istio matches the pattern as a URI template instead of comparing text. */
export function isTemplate(pattern: string): boolean {
  return pattern.includes(SEGMENT) || pattern.includes(REST);
}

/**
 * Refuses what Istio or Envoy would refuse, and what can never match or would match more than it seems to.
 * Envoy compares the path without query and fragment, case-sensitively, after the mesh's path normalisation.
 */
export function pathProblems(pattern: string, path: string): readonly Problem[] {
  const refused = isTemplate(pattern) ? templateFault(pattern) : textFault(pattern);
  return refused === undefined ? [] : [{ path, ...refused }];
}

type Fault = Omit<Problem, 'path'>;

function fault(code: ProblemCode, message: string, hint: string): Fault {
  return { code, message, hint };
}

function textFault(pattern: string): Fault | undefined {
  if (pattern === '*') return fault('Wildcard', "'*' alone is not a path", 'leave paths out to mean every path');
  if (/[{}]/.test(pattern)) {
    return fault('PathTemplate', 'braces are only for {*} and {**}', 'write {*} for a segment, {**} for the rest');
  }
  if (!VISIBLE_ASCII.test(pattern)) {
    return fault('BadValue', 'holds a space or a character outside ASCII', 'percent-encode it as it is sent');
  }
  if (/[?#]/.test(pattern)) {
    return fault('BadValue', 'a path has no query or fragment', "remove what begins with '?' or '#'");
  }
  return wildcardFault(pattern);
}

function wildcardFault(pattern: string): Fault | undefined {
  const stars = pattern.split('*').length - 1;
  if (stars > 1 || (stars === 1 && !pattern.startsWith('*') && !pattern.endsWith('*'))) {
    return fault('Wildcard', "'*' may stand once, at the start or at the end", 'use {*} for one segment');
  }
  if (!pattern.startsWith('/') && !pattern.startsWith('*')) {
    return fault('BadValue', "must start with '/'", `write /${pattern}`);
  }
  return undefined;
}

function templateFault(pattern: string): Fault | undefined {
  if (!pattern.startsWith('/')) return fault('PathTemplate', "a template must start with '/'", `write /${pattern}`);
  const trailing = pattern.endsWith('/');
  const segments = pattern.slice(1, trailing ? -1 : undefined).split('/');
  const rest = segments.indexOf(REST);
  if (rest !== -1 && (rest !== segments.length - 1 || trailing)) {
    return fault('PathTemplate', '{**} must be the last segment', 'use {*} for each segment before it');
  }
  const odd = segments.find((segment) => segment !== SEGMENT && segment !== REST && !TEMPLATE_LITERAL.test(segment));
  if (odd === undefined) return undefined;
  return odd.includes('*')
    ? fault('PathTemplate', "{*} and {**} stand for whole segments, and a template takes no '*'", 'split the path')
    : fault(
        'PathTemplate',
        `a template cannot hold the segment ${JSON.stringify(odd)}`,
        'use an exact path or prefix*',
      );
}
