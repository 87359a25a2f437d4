import type { Construct } from 'constructs';
import { AuthRoute } from './auth-route.ts';
import { GuardServer } from './guard-server.ts';
import type { Target } from './kubernetes.ts';
import { type GatewayRef, PublicGateway } from './public-gateway.ts';
import { ServiceAuthPolicy } from './service-auth-policy.ts';
import type { WorkloadFacts } from './workload.ts';

export interface GuardedEdgeProps {
  /** Of the guard. */
  readonly namespace: string;
  readonly target: Target;
  /** Reached through the gateway, too. */
  readonly auth: WorkloadFacts;
  /** Namespaces whose routes the gateway takes, beside that of the auth service. */
  readonly routesFrom: readonly string[];
  /** Port that the gateway's proxy binds on the `local` target. @default 8080 */
  readonly targetPort?: number;
  /** The `iss` of the platform's tokens. */
  readonly issuer: string;
  /** Image of the guard, for the `cluster` target. */
  readonly image: string;
}

export interface GuardedEdge {
  readonly guard: WorkloadFacts;
  readonly gateway: GatewayRef & { readonly workload: WorkloadFacts };
}

const EDGE: GatewayRef = { name: 'edge', namespace: 'istio-edge' };

/** The guard, and a gateway where it is asked about every request: what a request may do, the policies of the services say. */
export function addGuardedEdge(scope: Construct, props: GuardedEdgeProps): GuardedEdge {
  const { namespace, auth, target, targetPort = 8080, issuer, image } = props;
  const routesFrom = [auth.namespace, ...props.routesFrom];
  const deployment = target === 'local' ? false : { image };
  const guard = new GuardServer(scope, 'guard', { namespace, issuer, auth, deployment });
  const proxy = target === 'local' ? 'manual' : 'automatic';
  const gateway = new PublicGateway(scope, 'edge', { ...EDGE, routesFrom, proxy, targetPort });
  new ServiceAuthPolicy(scope, 'edge-policy', {
    ...EDGE,
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: EDGE.name }],
      revocation: { check: 'Edge' },
      rules: [{ name: 'guarded', allow: { public: true } }],
    },
  });
  new AuthRoute(scope, 'auth-route', { workload: auth, gateway: gateway.ref });
  return { guard: guard.workload, gateway: { ...gateway.ref, workload: gateway.workload } };
}
