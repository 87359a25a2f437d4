import type { KubeObject } from '@sekisho/kube';
import { GATEWAY } from '@sekisho/policy';
import { HTTP_ROUTE_KIND, type ObjectName } from './attachment.ts';
import { type ReferenceGrantSpec, readReferenceGrant } from './shapes.ts';

/** Whether the routes of a namespace may lead to a Service. */
export type MayReach = (routes: string, service: ObjectName) => boolean;

/**
 * Gateway API, ReferenceGrant: a route leads into another namespace only where a grant there takes routes of its namespace, to
 * Services, or to this one. Without one istiod sends the request nowhere, and Envoy answers 500.
 */
export function reachOf(grants: readonly KubeObject[]): MayReach {
  const byNamespace = Map.groupBy(grants, ({ metadata }) => metadata.namespace ?? '');
  return (routes, { namespace, name }) =>
    routes === namespace ||
    (byNamespace.get(namespace) ?? []).some(({ spec }) => {
      const grant = readReferenceGrant(spec);
      return grant !== undefined && takesFrom(grant, routes) && leadsTo(grant, name);
    });
}

function takesFrom({ from }: ReferenceGrantSpec, routes: string): boolean {
  return from.some(
    ({ group, kind, namespace }) => group === GATEWAY.group && kind === HTTP_ROUTE_KIND && namespace === routes,
  );
}

function leadsTo({ to }: ReferenceGrantSpec, service: string): boolean {
  return to.some(({ group, kind, name = service }) => group === '' && kind === 'Service' && name === service);
}
