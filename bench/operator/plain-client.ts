import type { KubeObject, Resource } from '@sekisho/kube';
import { GROUP, type IstioKind, plan, programmed, VERSION } from '@sekisho/policy';
import type { BareCluster } from '@sekisho/test-e2e/mesh';
import { inParallel } from '../in-parallel.ts';
import { snapshotOf } from './compiler.ts';
import { API_VERSION, policy } from './policies.ts';

const NAMESPACE = 'plain';
/** As many as the operator works on. */
const AT_ONCE = 16;

const istio = (kind: IstioKind, plural: string): Resource => ({
  group: 'security.istio.io',
  version: 'v1',
  plural,
  kind,
  namespaced: true,
});
const RESOURCES: Readonly<Record<IstioKind, Resource>> = {
  RequestAuthentication: istio('RequestAuthentication', 'requestauthentications'),
  AuthorizationPolicy: istio('AuthorizationPolicy', 'authorizationpolicies'),
  PeerAuthentication: istio('PeerAuthentication', 'peerauthentications'),
};
export const POLICIES: Resource = {
  group: GROUP,
  version: VERSION,
  plural: 'serviceauthpolicies',
  kind: 'ServiceAuthPolicy',
  namespaced: true,
};

/**
 * Seconds in which a client without any operator makes `count` policies, their objects and statuses: the same writes, decided on
 * beforehand. So long the API server takes by itself. Leaves nothing behind.
 */
export async function plainWrites({ cluster }: BareCluster, count: number): Promise<number> {
  const { client } = cluster;
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  const made: KubeObject[] = [];
  const began = performance.now();
  await inParallel(names, AT_ONCE, async (name) => {
    made.push(await client.create(POLICIES, policy(name, 'read', NAMESPACE)));
    for (const write of writesFor(name)) await client.apply(write.resource, write.object, { force: true });
    await client.applyStatus(POLICIES, statusOf(name), { force: true });
  });
  const seconds = (performance.now() - began) / 1000;
  await inParallel(made, AT_ONCE, async ({ metadata }) => {
    for (const { resource, object } of writesFor(metadata.name)) await client.delete(resource, object.metadata);
    await client.delete(POLICIES, metadata);
  });
  return seconds;
}

function writesFor(name: string) {
  const { desired } = planFor(name);
  return desired.map((object) => ({
    resource: RESOURCES[object.kind],
    object: { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } },
  }));
}

function statusOf(name: string) {
  const status = programmed(planFor(name), { ok: true }, new Date());
  return { apiVersion: API_VERSION, kind: 'ServiceAuthPolicy', metadata: { name, namespace: NAMESPACE }, status };
}

function planFor(name: string) {
  return plan(snapshotOf(name, `uid-${name}`), new Date());
}
