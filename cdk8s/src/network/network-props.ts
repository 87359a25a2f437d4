import type { k8s } from 'cdk8s-plus-27';

/** Pods or addresses, as NetworkPolicies name them. */
export type Peer = k8s.NetworkPolicyPeer;

/** Where something is that our pods call. */
export interface Destination {
  /** @default every address */
  readonly to?: readonly Peer[];
  /** TCP ports of its pods or hosts, which is what a policy sees behind a Service. */
  readonly ports: readonly number[];
}

/** Who reaches our pods, and what they reach. All else is denied in both directions. */
export interface NetworkProps {
  /** Namespaces whose pods read metrics. @default ['monitoring'] */
  readonly metricsFrom?: readonly string[];
  /** Who reaches the administration of the auth service, beside `kubectl port-forward`. @default nobody */
  readonly administrationFrom?: readonly Peer[];
  /**
   * Who reaches log-in, tokens and keys of the auth service. @default proxies of Gateways and pods with a sidecar in every namespace, and
   * the pods of the platform
   */
  readonly authFrom?: readonly Peer[];
  /** @default ports 443 and 6443 of every address: a policy sees the API server's own, which no selector finds */
  readonly apiServer?: Destination;
  /** @default ports 6379, 6380 and 26379 of every address */
  readonly redis?: Destination;
  /** The store that regions share, where there are several. @default ports 6379, 6380 and 26379 of every address */
  readonly globalRedis?: Destination;
  /** The primary, and a replica that is read. @default port 5432 of every address */
  readonly postgresql?: Destination;
  /**
   * Key sets of TokenIssuers, which the operator fetches, and applications that the auth service tells of a log-out. @default port 443 of
   * every address
   */
  readonly web?: Destination;
}
