import type { Manifest } from '@sekisho/cdk8s';
import type { InboundPort } from './manifests.ts';

/** A workload that joins a running mesh for a while, with an app inside the process that starts it. Its namespace exists. */
export interface GuestPlan {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly InboundPort[];
  /** On loopback. */
  readonly appPort: number;
}

export interface Guest extends AsyncDisposable {
  /** Loopback address on which its Envoy takes each of the ports. */
  readonly address: string;
  readonly envoyAdmin: string;
  /** Path of the list of its processes. */
  readonly processes: string;
}

/** Its ServiceAccount and Service. */
export function accountOf({ name, namespace, ports }: GuestPlan): readonly Manifest[] {
  const metadata = { name, namespace };
  const served = ports.map(({ name: port, number, servicePort = number, protocol = 'HTTP' }) => ({
    name: port,
    port: servicePort,
    targetPort: number,
    appProtocol: protocol.toLowerCase(),
  }));
  const spec = { selector: { app: name }, ports: served };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'Service', metadata, spec },
  ];
}
