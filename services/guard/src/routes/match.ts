import type { HttpRouteMatch, NamedMatch } from './shapes.ts';

/** A request as routes see it. */
export interface RouteQuery {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** Behind the `?`, without it. */
  readonly query: string;
  /** Values of the headers that Envoy was told to send along; `undefined` when the request has no such header. */
  readonly header: (name: string) => string | undefined;
}

/** `maybe`: what decides cannot be known here, a regular expression or a header that Envoy does not send along. */
export type Verdict = 'yes' | 'no' | 'maybe';

/** One match of a rule, ready to be asked. */
export interface ReadyMatch {
  readonly verdict: (query: RouteQuery) => Verdict;
  /** What the path of the match is, where it is a prefix: for a rewrite of it. */
  readonly prefix: string | undefined;
  /** Compared in this order, larger first; see `moreSpecific`. */
  readonly precedence: readonly number[];
}

const PATH_RANK = { Exact: 3, PathPrefix: 2, RegularExpression: 1 } as const;

type PathType = keyof typeof PATH_RANK;

/** @param visible names, in lower case, of the headers that Envoy sends along */
export function readyMatch(match: HttpRouteMatch, visible: ReadonlySet<string>): ReadyMatch {
  const { method, headers = [], queryParams = [] } = match;
  const { type, value } = pathOf(match);
  const parts = [
    pathVerdict(type, value),
    ...(method === undefined ? [] : [methodVerdict(method)]),
    ...headers.map((header) => headerVerdict(header, visible)),
    ...queryParams.map(queryVerdict),
  ];
  return {
    verdict: (query) => all(parts, query),
    prefix: type === 'PathPrefix' ? value : undefined,
    precedence: [PATH_RANK[type], value.length, method === undefined ? 0 : 1, headers.length, queryParams.length],
  };
}

/**
 * Gateway API, HTTPRouteRule.matches: exact before prefix, the longest first, then a method, then more headers, then more
 * query parameters. istiod puts regular expressions behind prefixes. What is equal keeps its order, which is by age.
 */
export function moreSpecific(a: ReadyMatch, b: ReadyMatch): number {
  for (let index = 0; index < a.precedence.length; index += 1) {
    const difference = (b.precedence[index] ?? 0) - (a.precedence[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function pathOf({ path }: HttpRouteMatch): { readonly type: PathType; readonly value: string } {
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  if (type === 'PathPrefix') return { type, value: value === '/' ? value : value.replace(/\/$/, '') };
  // A type of a later version is no plain text either.
  return type === 'Exact' ? { type, value } : { type: 'RegularExpression', value };
}

type Part = (query: RouteQuery) => Verdict;

function all(parts: readonly Part[], query: RouteQuery): Verdict {
  let certain = true;
  for (const part of parts) {
    const verdict = part(query);
    if (verdict === 'no') return 'no';
    if (verdict === 'maybe') certain = false;
  }
  return certain ? 'yes' : 'maybe';
}

function pathVerdict(type: PathType, value: string): Part {
  switch (type) {
    case 'Exact':
      return ({ path }) => said(path === value);
    case 'PathPrefix':
      return value === '/' ? () => 'yes' : ({ path }) => said(hasPrefix(path, value));
    case 'RegularExpression':
      // RE2 there, and whoever writes routes must not be able to keep this process busy.
      return () => 'maybe';
  }
}

/** By whole segments: `/foo` is a prefix of `/foo` and `/foo/bar`, not of `/foobar`. */
function hasPrefix(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH);
}

const SLASH = 47;

function methodVerdict(wanted: string): Part {
  return ({ method }) => said(method === wanted);
}

function headerVerdict({ type = 'Exact', name, value }: NamedMatch, visible: ReadonlySet<string>): Part {
  const key = name.toLowerCase();
  if (!visible.has(key)) return () => 'maybe';
  if (type === 'Exact') return ({ header }) => said(header(key) === value);
  return ({ header }) => (header(key) === undefined ? 'no' : 'maybe');
}

/** Envoy takes the first of several values, and does not decode them; what only differs in that is left open. */
function queryVerdict({ type = 'Exact', name, value }: NamedMatch): Part {
  return ({ query }) => {
    if (query === '') return 'no';
    for (const pair of query.split('&')) {
      const at = pair.indexOf('=');
      const [key, given] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      if (key !== name) continue;
      if (type !== 'Exact') return 'maybe';
      return given === value ? 'yes' : given.includes('%') ? 'maybe' : 'no';
    }
    return query.includes('%') ? 'maybe' : 'no';
  };
}

function said(holds: boolean): Verdict {
  return holds ? 'yes' : 'no';
}
