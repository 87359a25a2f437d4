import type { Construct } from 'constructs';
import { AuthRoute } from './auth-route.ts';
import { type GuardDeployment, GuardServer } from './guard-server.ts';
import type { NetworkProps } from './network/network-props.ts';
import type { EdgeProps } from './platform-props.ts';
import { type GatewayRef, type GatewayServiceType, PublicGateway } from './public-gateway.ts';
import type { RegionProps } from './region.ts';
import { ServiceAuthPolicy } from './service-auth-policy.ts';
import type { TracesProps } from './traces.ts';
import type { WorkloadFacts } from './workload.ts';

export interface GuardedEdgeProps extends EdgeProps {
  /** Of the guard. */
  readonly namespace: string;
  /** Reached through the gateway, too. */
  readonly auth: WorkloadFacts;
  /** Namespaces whose routes the gateway takes, beside that of the auth service. */
  readonly routesFrom: readonly string[];
  readonly serviceType: GatewayServiceType | undefined;
  /** The `iss` of the platform's tokens. */
  readonly issuer: string;
  /** Of the guard, or false where it and the gateway's proxy are run by somebody else. */
  readonly deployment: GuardDeployment | false;
  readonly network: NetworkProps | false | undefined;
  readonly region: RegionProps | undefined;
  readonly traces: TracesProps | undefined;
}

export interface GuardedEdge {
  readonly guard: WorkloadFacts;
  /** Its workload is known where it was made here. */
  readonly gateway: GatewayRef & { readonly workload?: WorkloadFacts };
}

/** The gateway that is made where none is named. */
export const EDGE: GatewayRef = { name: 'edge', namespace: 'istio-edge' };

/** The guard, and a gateway where it is asked about every request: what a request may do, the policies of the services say. */
export function addGuardedEdge(scope: Construct, props: GuardedEdgeProps): GuardedEdge {
  const { namespace, auth, issuer, deployment, network, region, traces } = props;
  const guard = new GuardServer(scope, 'guard', { namespace, issuer, auth, deployment, network, region, traces });
  const gateway = props.gateway ?? addGateway(scope, props);
  new ServiceAuthPolicy(scope, 'edge-policy', {
    name: gateway.name,
    namespace: gateway.namespace,
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gateway.name }],
      revocation: { check: 'Edge' },
      rules: [{ name: 'guarded', allow: { public: true } }],
    },
  });
  new AuthRoute(scope, 'auth-route', { workload: auth, gateway });
  return { guard: guard.workload, gateway };
}

function addGateway(scope: Construct, { auth, deployment, targetPort, serviceType, ...props }: GuardedEdgeProps) {
  const proxy = deployment === false ? 'manual' : 'automatic';
  const routesFrom = [auth.namespace, ...props.routesFrom];
  const made = new PublicGateway(scope, 'edge', { ...EDGE, routesFrom, proxy, targetPort, serviceType });
  return { ...made.ref, workload: made.workload };
}
