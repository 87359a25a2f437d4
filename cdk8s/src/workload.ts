import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Labels } from './kubernetes.ts';

/** A port of a Service, and the port of its pods behind it. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  /** @default 'http' */
  readonly appProtocol?: 'http' | 'https' | 'tcp';
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
  new k8s.KubeNamespace(scope, `namespace-${name}`, { metadata: { name, labels } });
}

/** The identity of a workload. Its token is mounted only where the pod asks for it. */
export function addServiceAccount(scope: Construct, workload: WorkloadFacts): void {
  new k8s.KubeServiceAccount(scope, 'service-account', {
    metadata: { name: workload.serviceAccount, namespace: workload.namespace },
    automountServiceAccountToken: false,
  });
}

/**
 * A Service with a cluster IP: the mesh passes a headless one through unrouted. Each port declares its protocol, without which
 * the mesh skips or widens policies on paths and methods.
 */
export function addService(scope: Construct, { name, namespace, labels, ports }: WorkloadFacts): void {
  new k8s.KubeService(scope, 'service', {
    metadata: { name, namespace },
    spec: {
      type: 'ClusterIP',
      selector: labels,
      ports: ports.map(({ targetPort, appProtocol = 'http', ...port }) => ({
        ...port,
        targetPort: k8s.IntOrString.fromNumber(targetPort),
        protocol: 'TCP',
        appProtocol,
      })),
    },
  });
}
