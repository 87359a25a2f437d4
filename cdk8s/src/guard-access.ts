import { GATEWAY } from '@sekisho/policy';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadFacts } from './workload.ts';

export interface GuardAccess {
  readonly workload: WorkloadFacts;
  /** Of its pods: where Envoy asks, and where health and metrics are. */
  readonly ports: { readonly check: number; readonly ops: number };
}

const SECURITY = 'security.istio.io/v1';

/**
 * Who reaches its pods at all: proxies, by labels that istiod's templates give them. What they ask carries tokens, and anybody else would
 * have one exchanged. Health and metrics tell nothing of anybody.
 */
export function addGuardNetwork(scope: Construct, { workload, ports }: GuardAccess): void {
  const { name, namespace, labels } = workload;
  const anywhere = { namespaceSelector: {} };
  const gateways = { matchExpressions: [{ key: GATEWAY.nameLabel, operator: 'Exists' }] };
  const meshed = { matchLabels: { 'security.istio.io/tlsMode': 'istio' } };
  const port = (number: number) => [{ protocol: 'TCP', port: k8s.IntOrString.fromNumber(number) }];
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: { ...labels } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            { ...anywhere, podSelector: gateways },
            { ...anywhere, podSelector: meshed },
          ],
          ports: port(ports.check),
        },
        { ports: port(ports.ops) },
      ],
    },
  });
}

/** With a sidecar: only who has a certificate of the mesh is answered, and nothing is read on the way. */
export function addGuardPeers(scope: Construct, { workload, ports }: GuardAccess): void {
  const { name, namespace, labels } = workload;
  const metadata = { name, namespace };
  const selector = { matchLabels: { ...labels } };
  const mtls = { mode: 'STRICT' };
  // Prometheus may be outside of the mesh.
  const portLevelMtls = { [ports.ops]: { mode: 'PERMISSIVE' } };
  new ApiObject(scope, 'peers', {
    ...{ apiVersion: SECURITY, kind: 'PeerAuthentication', metadata },
    spec: { selector, mtls, portLevelMtls },
  });
  const to = (number: number) => [{ operation: { ports: [String(number)] } }];
  new ApiObject(scope, 'callers', {
    ...{ apiVersion: SECURITY, kind: 'AuthorizationPolicy', metadata },
    spec: {
      selector,
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals: ['*'] } }], to: to(ports.check) }, { to: to(ports.ops) }],
    },
  });
}
