import type { HttpRouteFilter } from './shapes.ts';

/** Gives the path that the service will see. */
export type Rewrite = (path: string) => string;

/**
 * What a rule's URLRewrite makes of a path: policies of the service behind name that one.
 * @param prefix of the match, where it is one
 * @returns undefined when the path stays as it is
 */
export function rewriteOf(filters: readonly HttpRouteFilter[], prefix: string | undefined): Rewrite | undefined {
  const modifier = filters.find(({ type }) => type === 'URLRewrite')?.urlRewrite?.path;
  if (modifier?.type === 'ReplaceFullPath') {
    const path = modifier.replaceFullPath ?? '/';
    return () => path;
  }
  if (modifier?.type !== 'ReplacePrefixMatch' || prefix === undefined) return undefined;
  const replacement = (modifier.replacePrefixMatch ?? '').replace(/\/$/, '');
  return (path) => withPrefix(path.slice(prefix === '/' ? 0 : prefix.length), replacement);
}

/** Gateway API, HTTPPathModifier: `/foo/bar` with `/foo` replaced by `/xyz` or `/xyz/` is `/xyz/bar`; an empty path is `/`. */
function withPrefix(rest: string, replacement: string): string {
  const path = `${replacement}${rest}`;
  return path === '' ? '/' : path;
}
