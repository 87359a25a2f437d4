import type { Manifest } from '@sekisho/cdk8s';
import type { ProxyWorkload } from './proxy.ts';

const ISTIO = 'networking.istio.io/v1';
/** Where a workload sends calls to other services: Envoy's egress listener, spoken to as an HTTP proxy. */
export const EGRESS_PORT = 15080;

/** What a workload's Envoy binds; the name is that of the Service's port. */
export interface InboundPort {
  readonly name: string;
  readonly number: number;
  /** Of the Service. @default number */
  readonly servicePort?: number;
  /** What is spoken behind it. @default 'HTTP' */
  readonly protocol?: 'HTTP' | 'GRPC';
  /** On loopback. @default the workload's */
  readonly appPort?: number;
}

/** Stands for the pod: istiod learns the workload's address, labels and identity from it. */
export function workloadEntry(workload: ProxyWorkload, ports: readonly InboundPort[]): Manifest {
  return {
    apiVersion: ISTIO,
    kind: 'WorkloadEntry',
    metadata: { name: `${workload.name}-1`, namespace: workload.namespace, labels: workload.labels },
    spec: {
      address: workload.address,
      serviceAccount: workload.serviceAccount,
      labels: workload.labels,
      ports: Object.fromEntries(ports.map(({ name, number }) => [name, number])),
    },
  };
}

/** Stands for a pod without an Envoy: without an identity istiod has others speak plain HTTP to it. */
export function plainWorkloadEntry(
  { name, namespace, labels, address }: Omit<ProxyWorkload, 'role' | 'serviceAccount'>,
  port: { name: string; number: number },
): Manifest {
  return {
    apiVersion: ISTIO,
    kind: 'WorkloadEntry',
    metadata: { name: `${name}-1`, namespace, labels },
    spec: { address, labels, ports: { [port.name]: port.number } },
  } as Manifest;
}

/** Stands for iptables: binds the inbound ports to the workload's address and opens an egress proxy beside them. */
export function sidecar(workload: ProxyWorkload, inbound: readonly InboundPort[], appPort: number): Manifest {
  return {
    apiVersion: ISTIO,
    kind: 'Sidecar',
    metadata: { name: workload.name, namespace: workload.namespace },
    spec: {
      workloadSelector: { labels: workload.labels },
      ingress: inbound.map(({ number, name, protocol = 'HTTP', appPort: ownPort = appPort }) => ({
        port: { number, protocol, name },
        bind: workload.address,
        defaultEndpoint: `127.0.0.1:${ownPort}`,
      })),
      egress: [
        {
          // Protocol HTTP would import no service here; HTTP_PROXY imports all.
          port: { number: EGRESS_PORT, protocol: 'HTTP_PROXY', name: 'egress' },
          bind: workload.address,
          captureMode: 'NONE',
          hosts: ['*/*'],
        },
      ],
    },
  };
}
