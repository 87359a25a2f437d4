/** A workload that a policy selects, and whether an Envoy of the mesh stands in front of it. */
export interface WorkloadProxy {
  /** `<name>.<namespace>` of the Pod or WorkloadEntry: by that id istiod knows its proxy (pilot/pkg/model/proxy.go). */
  readonly id: string;
  /** `starting`: it serves nothing yet, and gets its first configuration before it does. */
  readonly state: 'proxied' | 'starting' | 'bare';
}

/** What istiod says of one proxy, about the generated objects of one policy. */
export type ProxySight =
  | { readonly state: 'current' }
  /** Too early to say anything. */
  | { readonly state: 'undecided' }
  /** The replica of istiod that it is connected to does not hold the objects as they were written. */
  | { readonly state: 'uninformed'; readonly replica: string }
  /** It was not sent, or has not acknowledged, its newest listeners. */
  | { readonly state: 'behind' }
  /** Envoy refused its newest listeners and goes on with older ones. */
  | { readonly state: 'rejecting'; readonly error: string }
  /** No replica that answered knows it. */
  | { readonly state: 'missing' };

export type ReplicaProblem = 'not_found' | 'unreachable' | 'forbidden' | 'unreadable';

/** What all replicas of istiod that were asked say of a policy's proxies. */
export interface Sight {
  /** Which objects it is about, as `basisOf` tells them. */
  readonly basis: string;
  /** By id; a proxy that is not in it was not looked for yet. */
  readonly proxies: ReadonlyMap<string, ProxySight>;
  /** Replicas that did not answer usefully: they may know the proxies that are missing. */
  readonly unasked: readonly { readonly replica: string; readonly problem: ReplicaProblem }[];
  /** Ids of proxies that ran before the policy selected them: neither what was proven nor what was seen speaks for these. @default none */
  readonly relabelled?: readonly string[];
}
