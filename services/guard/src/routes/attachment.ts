import type { KubeObject } from '@sekisho/kube';
import { GATEWAY } from '@sekisho/policy';
import type { LabelSelector, Listener, ParentRef } from './shapes.ts';

export const HTTP_ROUTE_KIND = 'HTTPRoute';

/** A Gateway, or a route, by name. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface Attaching {
  readonly gateway: ObjectName;
  /** Namespace of the route. */
  readonly namespace: string;
  /** Labels of that namespace; undefined when it is not known. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** Whether a route joins a listener: it names it, and the listener takes routes of its kind and namespace. */
export function attaches(parents: readonly ParentRef[], listener: Listener, attaching: Attaching): boolean {
  return parents.some((parent) => names(parent, listener, attaching)) && takes(listener, attaching);
}

function names(parent: ParentRef, listener: Listener, { gateway, namespace }: Attaching): boolean {
  return (
    (parent.group ?? GATEWAY.group) === GATEWAY.group &&
    (parent.kind ?? GATEWAY.kind) === GATEWAY.kind &&
    parent.name === gateway.name &&
    (parent.namespace ?? namespace) === gateway.namespace &&
    (parent.sectionName === undefined || parent.sectionName === listener.name) &&
    (parent.port === undefined || parent.port === listener.port)
  );
}

function takes({ allowedRoutes }: Listener, { gateway, namespace, labels }: Attaching): boolean {
  const kinds = allowedRoutes?.kinds ?? [];
  if (kinds.length > 0 && !kinds.some(isHttpRoute)) return false;
  const { from = 'Same', selector } = allowedRoutes?.namespaces ?? {};
  switch (from) {
    case 'All':
      return true;
    case 'Same':
      return namespace === gateway.namespace;
    case 'Selector':
      // Without a selector istiod takes the routes of all (`namespacesFromSelector`).
      return selector === undefined || (labels !== undefined && selects(selector, labels));
    default:
      return false;
  }
}

function isHttpRoute({ group, kind }: { readonly group?: string; readonly kind: string }): boolean {
  return kind === HTTP_ROUTE_KIND && (group ?? GATEWAY.group) === GATEWAY.group;
}

function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => holds(expression, labels))
  );
}

function holds(
  { key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number],
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** The oldest first, then by name: who came first keeps what it has. */
export function byAge(a: KubeObject, b: KubeObject): number {
  const [left, right] = [age(a), age(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** RFC 3339 in UTC sorts as text; what was never stored comes last. */
function age({ metadata: { creationTimestamp = '~', namespace = '', name } }: KubeObject): string {
  return `${creationTimestamp} ${namespace}/${name}`;
}

/**
 * Which of two routes comes first where their matches are as specific (Gateway API, HTTPRouteRule.matches): the older one, then by namespace
 * and name, each by itself, the name with a `~` behind it, as istiod sorts them (`sortRoutesByCreationTime`).
 */
export function byRouteAge(a: KubeObject, b: KubeObject): number {
  const [left, right] = [routeAge(a), routeAge(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}

function routeAge({ metadata: { creationTimestamp = '~', namespace = '', name } }: KubeObject): readonly string[] {
  return [creationTimestamp, namespace, `${name}~`];
}
