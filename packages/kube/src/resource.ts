import { KubeError } from './errors.ts';

/** Where the API server keeps a kind. `group` is '' for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUBRESOURCE`; without a namespace, all of them. */
export function pathOf(resource: Resource, target: Target = {}): string {
  const root = resource.group === '' ? '/api' : `/apis/${segment(resource.group)}`;
  const scope = resource.namespaced && target.namespace !== undefined ? ['namespaces', target.namespace] : [];
  const rest = [resource.version, ...scope, resource.plural, target.name, target.subresource];
  return [root, ...rest.filter((part) => part !== undefined).map(segment)].join('/');
}

export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}

/** One path segment. `.` and `..` would walk to another resource, and an empty name would address the collection. */
function segment(text: string): string {
  if (text === '' || text === '.' || text === '..') throw new KubeError('bad_request', `"${text}" is no object name`);
  return encodeURIComponent(text);
}
