import { isTemplate } from '../parse/path-pattern.ts';

export type PathMatcher = (path: string) => boolean;

/** What `{*}` and `{**}` take: RFC 3986 pchar, as Envoy's uri_template matcher has it; `{*}` needs at least one. */
const SEGMENT = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*]+";
const REST = "[a-zA-Z0-9\\-._~%!$&'()+,;:@=*/]*";

/** The pattern of a policy as Envoy reads it: a template, `prefix*`, `*suffix`, or the exact path; case-sensitive. */
export function pathMatcher(pattern: string): PathMatcher {
  if (isTemplate(pattern)) return templateMatcher(pattern);
  if (pattern.startsWith('*')) return endingWith(pattern.slice(1));
  if (pattern.endsWith('*')) return startingWith(pattern.slice(0, -1));
  return (path) => path === pattern;
}

/** No segment's expression can give back what another could take, so matching is linear in the path. */
function templateMatcher(pattern: string): PathMatcher {
  const expression = new RegExp(`^${pattern.split('/').map(segmentExpression).join('/')}$`);
  return (path) => expression.test(path);
}

function segmentExpression(segment: string): string {
  if (segment === '{*}') return SEGMENT;
  return segment === '{**}' ? REST : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function endingWith(suffix: string): PathMatcher {
  return (path) => path.endsWith(suffix);
}

function startingWith(prefix: string): PathMatcher {
  return (path) => path.startsWith(prefix);
}
