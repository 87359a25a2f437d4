import { KubeError, type KubeObject } from '@sekisho/kube';
import { expect, vi } from 'vitest';
import type { Cluster } from './cluster.ts';
import { resourceOf } from './resource-of.ts';

const GROUP = 'admissionregistration.k8s.io';
const POLICY = 'ValidatingAdmissionPolicy';
const BINDING = 'ValidatingAdmissionPolicyBinding';
const common = { group: GROUP, version: 'v1', namespaced: false } as const;
const POLICIES = { ...common, plural: 'validatingadmissionpolicies', kind: POLICY };
const BINDINGS = { ...common, plural: 'validatingadmissionpolicybindings', kind: BINDING };

/** Has the API server refuse every change of an object, as somebody's admission policy may. Resolves when it does. */
export async function frozenObject(cluster: Cluster, object: KubeObject): Promise<{ release(): Promise<void> }> {
  const { client } = cluster;
  const { name, namespace } = object.metadata;
  const metadata = { name: `frozen-${name}.${namespace}` };
  const rule = { apiGroups: ['security.istio.io'], apiVersions: ['*'], resources: ['*'], operations: ['UPDATE'] };
  const isIt = `object.metadata.namespace == '${namespace}' && object.metadata.name == '${name}'`;
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: `!(${isIt})`, message: 'stays as it is' }],
  };
  const binding = { policyName: metadata.name, validationActions: ['Deny'] };
  const apiVersion = `${GROUP}/v1`;
  const policy = { apiVersion, kind: POLICY, metadata, spec };
  await client.apply(POLICIES, policy);
  const bound = { apiVersion, kind: BINDING, metadata, spec: binding };
  await client.apply(BINDINGS, bound);
  await vi.waitFor(() => expect(isFrozen(cluster, object)).resolves.toBe(true), 90_000);
  return {
    async release() {
      await client.delete(BINDINGS, metadata);
      await client.delete(POLICIES, metadata);
    },
  };
}

/** The API server takes a while to know of a new admission policy. */
async function isFrozen({ client }: Cluster, { apiVersion, kind, metadata }: KubeObject): Promise<boolean> {
  const { name, namespace = '' } = metadata;
  const annotations = { probe: String(performance.now()) };
  try {
    await client.apply(resourceOf(kind), { apiVersion, kind, metadata: { name, namespace, annotations } });
    return false;
  } catch (error) {
    if (error instanceof KubeError && error.code === 'invalid') return true;
    throw error;
  }
}
