import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { addNamespace, addService, addServiceAccount, serviceHost, type WorkloadFacts } from './workload.ts';

const API_VERSION = 'gateway.networking.k8s.io/v1';

export interface GatewayRef {
  readonly name: string;
  readonly namespace: string;
}

/** The gateway that asks nobody. */
export const PUBLIC: GatewayRef = { name: 'public', namespace: 'istio-ingress' };

/** A Gateway, and the proxy that serves it. */
export interface GatewayWithWorkload extends GatewayRef {
  readonly workload: WorkloadFacts;
}

/** Of the Service that istiod makes for the proxy; ClusterIP where nothing assigns addresses to LoadBalancers. */
export type GatewayServiceType = 'LoadBalancer' | 'NodePort' | 'ClusterIP';

export interface PublicGatewayProps {
  /** @default 'public' */
  readonly name?: string;
  /** Made by this construct. @default 'istio-ingress' */
  readonly namespace?: string;
  /** Namespaces whose routes may attach. Matched by a label that only the API server writes. */
  readonly routesFrom: readonly string[];
  /** Who makes the proxy: istiod from the Gateway, or somebody else for a Service rendered here. @default 'automatic' */
  readonly proxy?: 'automatic' | 'manual';
  /** Port that the proxy binds when it is made by somebody else. @default 8080 */
  readonly targetPort?: number | undefined;
  /** @default as istiod has it, which is LoadBalancer */
  readonly serviceType?: GatewayServiceType | undefined;
}

/**
 * The entrance for requests from outside.
 * https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment (and "Manual Deployment" there)
 */
export class PublicGateway extends Construct {
  readonly ref: GatewayRef;
  /** Names and labels are those that istiod gives, so a policy fits whoever made the proxy. */
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: PublicGatewayProps) {
    super(scope, id);
    const { name = PUBLIC.name, namespace = PUBLIC.namespace, proxy = 'automatic' } = props;
    this.ref = { name, namespace };
    this.workload = {
      name: `${name}-istio`,
      namespace,
      serviceAccount: `${name}-istio`,
      labels: { 'gateway.networking.k8s.io/gateway-name': name },
      ports: [{ name: 'http', port: 80, targetPort: props.targetPort ?? 8080 }],
    };
    addNamespace(this, namespace);
    if (proxy === 'manual') {
      addServiceAccount(this, this.workload);
      addService(this, this.workload);
    }
    this.#addGateway(props, proxy);
  }

  #addGateway({ routesFrom, serviceType }: PublicGatewayProps, proxy: 'automatic' | 'manual'): void {
    const inNamespaces = { key: 'kubernetes.io/metadata.name', operator: 'In', values: routesFrom };
    const namespaces = { from: 'Selector', selector: { matchExpressions: [inNamespaces] } };
    // The guard reads no other: a GRPCRoute could lead a request elsewhere than it has signed a token for.
    const kinds = [{ kind: 'HTTPRoute' }];
    const listener = { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { kinds, namespaces } };
    // An address of type Hostname tells istiod that the proxy behind that Service exists already.
    const address = { type: 'Hostname', value: serviceHost(this.workload) };
    new ApiObject(this, 'gateway', {
      apiVersion: API_VERSION,
      kind: 'Gateway',
      metadata: {
        ...this.ref,
        ...(serviceType && { annotations: { 'networking.istio.io/service-type': serviceType } }),
      },
      spec: {
        gatewayClassName: 'istio',
        ...(proxy === 'manual' && { addresses: [address] }),
        listeners: [listener],
      },
    });
  }
}

export interface PublicRouteProps {
  /** Where it can be reached: at each of them. */
  readonly gateways: readonly GatewayRef[];
  /** The route takes its name and namespace. */
  readonly workload: WorkloadFacts;
  /** Path prefixes, matched by whole segments. */
  readonly prefixes: readonly string[];
  /** Single paths beside them. @default none */
  readonly paths?: readonly string[];
  /** @default every host */
  readonly hostnames?: readonly string[];
}

/** What of a service can be reached from outside. */
export class PublicRoute extends Construct {
  constructor(scope: Construct, id: string, { gateways, workload, prefixes, paths = [], hostnames }: PublicRouteProps) {
    super(scope, id);
    const { name, namespace, ports } = workload;
    new ApiObject(this, 'route', {
      apiVersion: API_VERSION,
      kind: 'HTTPRoute',
      metadata: { name, namespace },
      spec: {
        parentRefs: gateways.map((gateway) => ({ name: gateway.name, namespace: gateway.namespace })),
        ...(hostnames !== undefined && { hostnames }),
        rules: [
          {
            matches: [
              ...prefixes.map((value) => ({ path: { type: 'PathPrefix', value } })),
              ...paths.map((value) => ({ path: { type: 'Exact', value } })),
            ],
            backendRefs: ports.slice(0, 1).map(({ port }) => ({ name, port })),
          },
        ],
      },
    });
  }
}
