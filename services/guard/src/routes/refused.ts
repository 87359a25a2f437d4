import type { HttpBackendRef, HttpRouteFilter, HttpRouteMatch, HttpRouteRule } from './shapes.ts';

const BACKEND_FILTERS: readonly string[] = ['RequestHeaderModifier', 'ResponseHeaderModifier'];
const FILTERS: readonly string[] = [...BACKEND_FILTERS, 'RequestRedirect', 'RequestMirror', 'URLRewrite', 'CORS'];
const NAMED_MATCHES: readonly string[] = ['Exact', 'RegularExpression'];
const PATH_MATCHES: readonly string[] = [...NAMED_MATCHES, 'PathPrefix'];
/** Of other kinds of backends istiod leaves out the backend alone. */
const WITH_PORT: readonly string[] = ['Service', 'ServiceImport', 'Hostname'];
/** All control characters but the tab (`isValidHeaderValue`). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is sought
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Whether istiod takes nothing of a route: one rule of which it can make nothing spoils all beside it, and Envoy sends their requests by
 * other routes of the host (`convertHTTPRoute` and `computeRoute` in pilot/pkg/config/kube/gateway).
 */
export function isRefused(rules: readonly HttpRouteRule[]): boolean {
  return rules.some(({ matches = [], filters = [], backendRefs = [] }) => {
    const backends = backendRefs.filter(({ weight = 1 }) => weight > 0);
    return matches.some(isNoMatch) || filters.some(isNoFilter(FILTERS)) || backends.some(isNoBackend);
  });
}

function isNoMatch({ path, headers = [], queryParams = [] }: HttpRouteMatch): boolean {
  const named = [...headers, ...queryParams].every(({ type = 'Exact' }) => NAMED_MATCHES.includes(type));
  return !named || !PATH_MATCHES.includes(path?.type ?? 'PathPrefix');
}

function isNoFilter(known: readonly string[]): (filter: HttpRouteFilter) => boolean {
  return ({ type, requestHeaderModifier: request, responseHeaderModifier: response }) => {
    const written = [request, response].flatMap((one) => [...(one?.set ?? []), ...(one?.add ?? [])]);
    return !known.includes(type) || written.some(({ value }) => CONTROL.test(value));
  };
}

function isNoBackend({ kind = 'Service', namespace, name, port, filters = [] }: HttpBackendRef): boolean {
  if (filters.some(isNoFilter(BACKEND_FILTERS))) return true;
  if (!WITH_PORT.includes(kind)) return false;
  return (
    port === undefined || (kind === 'Service' ? name.includes('.') : kind === 'Hostname' && namespace !== undefined)
  );
}
