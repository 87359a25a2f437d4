import { GATEWAY } from '@sekisho/policy';
import type { Labels } from '../kubernetes.ts';
import type { WorkloadFacts } from '../workload.ts';
import type { Destination, Peer } from './network-props.ts';

/** Envoys, in every namespace: of Gateways, and beside the containers of a pod. By labels that istiod's templates give them. */
export const PROXIES: readonly Peer[] = [
  {
    namespaceSelector: {},
    podSelector: { matchExpressions: [{ key: GATEWAY.nameLabel, operator: 'Exists' }] },
  },
  { namespaceSelector: {}, podSelector: { matchLabels: { 'security.istio.io/tlsMode': 'istio' } } },
];

/** Every pod of the policy's own namespace. */
export const NEIGHBOURS: readonly Peer[] = [{ podSelector: {} }];

/** By a label that only the API server writes. */
export function namespaces(names: readonly string[]): Peer[] {
  return names.map((name) => ({ namespaceSelector: inNamespace(name) }));
}

/** Pods of a workload, from wherever it is. */
export function podsOf({ namespace, labels }: Pick<WorkloadFacts, 'namespace' | 'labels'>): Peer {
  return podsIn(namespace, labels);
}

/** Where a workload is served, behind the first port of its Service. */
export function firstPortOf(workload: Pick<WorkloadFacts, 'namespace' | 'labels' | 'ports'>): Destination {
  return { to: [podsOf(workload)], ports: workload.ports.slice(0, 1).map(({ targetPort }) => targetPort) };
}

/** What of istiod is called: its monitoring port by the operator, the one for configuration and certificates by sidecars. */
export function istiod(namespace: string, port: 15_014 | 15_012): Destination {
  return { to: [podsIn(namespace, { app: 'istiod' })], ports: [port] };
}

function podsIn(namespace: string, labels: Labels): Peer {
  return { namespaceSelector: inNamespace(namespace), podSelector: { matchLabels: { ...labels } } };
}

function inNamespace(name: string) {
  return { matchLabels: { 'kubernetes.io/metadata.name': name } };
}
