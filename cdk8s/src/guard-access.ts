import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { surroundings } from './network/defaults.ts';
import { addNetworkPolicy, allowFrom, allowTo, DNS } from './network/network-policy.ts';
import type { NetworkProps } from './network/network-props.ts';
import { firstPortOf, istiod, namespaces, PROXIES } from './network/peers.ts';
import type { RegionProps } from './region.ts';
import { allowToCollector, type TracesProps } from './traces.ts';
import type { WorkloadFacts } from './workload.ts';

export interface GuardAccess {
  readonly workload: WorkloadFacts;
  /** Of its pods: where Envoy asks, and where health and metrics are. */
  readonly ports: { readonly check: number; readonly ops: number };
}

const SECURITY = 'security.istio.io/v1';

/** What its pods reach. */
export interface GuardWays {
  readonly auth: Pick<WorkloadFacts, 'namespace' | 'labels' | 'ports'>;
  /** Where istiod is, for a sidecar, or false where there is none. */
  readonly istiodNamespace: string | false;
  readonly network: NetworkProps;
  readonly region: RegionProps | undefined;
  readonly traces: TracesProps | undefined;
}

/** Merged by pilot-agent: its own, Envoy's, and those of the process. */
const AGENT_METRICS = 15_020;

/**
 * Who reaches its pods at all: proxies. What they ask carries tokens, and anybody else would have one exchanged.
 */
export function addGuardNetwork(scope: Construct, { workload, ports }: GuardAccess, ways: GuardWays): void {
  const { auth, istiodNamespace, network, region, traces } = ways;
  const { metricsFrom, apiServer, redis, globalRedis } = surroundings(network);
  const prometheus = namespaces(metricsFrom);
  addNetworkPolicy(scope, workload, {
    ingress: [
      ...allowFrom(PROXIES, ports.check),
      ...allowFrom(prometheus, ports.ops),
      ...(istiodNamespace ? allowFrom(prometheus, AGENT_METRICS) : []),
    ],
    egress: [
      DNS,
      ...allowTo(apiServer),
      ...allowTo(redis),
      ...(region ? allowTo(globalRedis) : []),
      ...allowTo(firstPortOf(auth)),
      ...allowToCollector(traces),
      ...(istiodNamespace ? allowTo(istiod(istiodNamespace, 15_012)) : []),
    ],
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
