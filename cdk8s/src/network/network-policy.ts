import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { WorkloadFacts } from '../workload.ts';
import type { Destination, Peer } from './network-props.ts';

export interface Traffic {
  readonly ingress: readonly k8s.NetworkPolicyIngressRule[];
  readonly egress: readonly k8s.NetworkPolicyEgressRule[];
}

/** The traffic of one workload's pods; all other is denied, in both directions. */
export function addNetworkPolicy(scope: Construct, workload: WorkloadFacts, { ingress, egress }: Traffic): void {
  const { name, namespace, labels } = workload;
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: { ...labels } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [...ingress],
      egress: [...egress],
    },
  });
}

/** For pods of the namespace that no other policy names. */
export function addDefaultDeny(scope: Construct, namespace: string): void {
  new k8s.KubeNetworkPolicy(scope, 'default-deny', {
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

/** @param peers nobody where there are none: a rule that names none would let everybody in */
export function allowFrom(peers: readonly Peer[], port: number): k8s.NetworkPolicyIngressRule[] {
  return peers.length === 0 ? [] : [{ from: [...peers], ports: [tcp(port)] }];
}

export function allowFromAnybody(port: number): k8s.NetworkPolicyIngressRule {
  return { ports: [tcp(port)] };
}

/** @param destination nowhere where it names no pods or no ports */
export function allowTo({ to: peers, ports }: Destination): k8s.NetworkPolicyEgressRule[] {
  if (peers?.length === 0 || ports.length === 0) return [];
  return [{ ...(peers && { to: [...peers] }), ports: ports.map(tcp) }];
}

/** A policy sees the port of the pod behind a Service: OpenShift's resolvers listen at 5353. */
const DNS_PORTS = [53, 5353];

/** To any address: a resolver on the node is found by no selector, and one in the cluster forwards names everywhere anyway. */
export const DNS: k8s.NetworkPolicyEgressRule = {
  ports: DNS_PORTS.flatMap((port) =>
    ['UDP', 'TCP'].map((protocol) => ({ protocol, port: k8s.IntOrString.fromNumber(port) })),
  ),
};

function tcp(port: number): k8s.NetworkPolicyPort {
  return { protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) };
}
