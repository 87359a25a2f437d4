import type { RouteQuery } from '../routes/match.ts';
import { type RouteSource, routeTable } from '../routes/route-table.ts';
import type { Scheme } from '../routes/sections.ts';
import { gateway } from './objects.ts';

export type Request = Partial<Omit<RouteQuery, 'header'>> & {
  readonly host?: string;
  readonly scheme?: Scheme;
  readonly serverName?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Names of the backends, in the order in which they may take the request. */
export function found(source: Partial<RouteSource<string>>, request: Request): readonly string[] {
  const {
    host = 'shop.example',
    scheme = 'http',
    serverName,
    method = 'GET',
    path = '/',
    query = '',
    headers = {},
  } = request;
  const table = routeTable<string>({
    gateway: gateway(),
    routes: [],
    labelsOf: () => ({}),
    visibleHeaders: new Set(['x-version']),
    resolve: (rule) => rule.backendRefs?.[0]?.name ?? 'none',
    ...source,
  });
  const header = (name: string) => headers[name];
  return table
    .find({ scheme, host, serverName }, { method, path, query, header })
    .map(({ destination }) => destination);
}

export function rule(to: string, ...matches: readonly unknown[]) {
  return { ...(matches.length > 0 && { matches }), backendRefs: [{ name: to, port: 80 }] };
}

export const exact = (value: string) => ({ type: 'Exact', value });
export const prefix = (value: string) => ({ type: 'PathPrefix', value });
