import type { V1Namespace, V1Service, V1ServiceAccount } from '@kubernetes/client-node';
import type { Construct } from 'constructs';
import { addObject, type Labels } from './kubernetes.ts';

/** A port of a Service, and the port of its pods behind it. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
}

/** What a mesh, a policy or a route needs to know of a workload. */
export interface WorkloadFacts {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Labels of its pods, by which Services and policies select them. */
  readonly labels: Labels;
  /** Empty when nothing calls it. */
  readonly ports: readonly ServicePort[];
}

/** The Service's name inside the cluster. */
export function serviceHost({ name, namespace }: Pick<WorkloadFacts, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

export function addNamespace(scope: Construct, name: string, labels: Labels = {}): void {
  addObject<V1Namespace>(scope, `namespace-${name}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...labels } },
  });
}

/** The identity of a workload. Its token is mounted only where the pod asks for it. */
export function addServiceAccount(scope: Construct, workload: WorkloadFacts): void {
  addObject<V1ServiceAccount>(scope, 'service-account', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: workload.serviceAccount, namespace: workload.namespace },
    automountServiceAccountToken: false,
  });
}

/**
 * A Service with a cluster IP: the mesh passes a headless one through unrouted. Each port declares HTTP, without which
 * the mesh skips or widens policies on paths and methods.
 */
export function addService(scope: Construct, { name, namespace, labels, ports }: WorkloadFacts): void {
  addObject<V1Service>(scope, 'service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'ClusterIP',
      selector: { ...labels },
      ports: ports.map((port) => ({ ...port, protocol: 'TCP', appProtocol: 'http' })),
    },
  });
}
