import { type GatewayRef, type Manifest, renderPlatform, renderShop, type WorkloadFacts } from '@sekisho/cdk8s';
import type { Addresses } from './addresses.ts';

export interface WorkloadPlan {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the workload's Envoy binds. */
  readonly port: { readonly name: string; readonly number: number };
}

/** What an app finds around it. */
export interface AppPlace {
  /** Base URL of its Envoy's egress listener. */
  readonly egressProxy: string;
  /** Its ServiceAccount token, for exchange at the auth service. */
  readonly tokenFile: string;
  /** A folder of its own, not made yet. */
  readonly dataFolder: string;
}

export interface ServicePlan extends WorkloadPlan {
  readonly env: (place: AppPlace) => Readonly<Record<string, string>>;
}

export interface GatewayPlan extends WorkloadPlan {
  readonly address: string;
  /** Base URL, as applications have it. */
  readonly url: string;
}

/** The guard: a plain process, which Envoys reach by its Service. */
export interface GuardPlan extends WorkloadPlan {
  readonly address: string;
}

/** A ServiceAccount. */
export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What is applied and started: the manifests of cdk8s/, and a process for each workload in them. */
export interface Deployment {
  readonly manifests: readonly Manifest[];
  readonly operator: Account;
  readonly auth: WorkloadPlan;
  /** Base URL of the operator's admission webhook. */
  readonly webhookUrl: string;
  readonly services: readonly ServicePlan[];
  /**
   * Where services are reached as they are, each with its own policy: nothing of Sekisho is on the way of a request, and what Envoy answers is
   * the mesh's alone. So it stays beside the guarded one, which a cluster would have instead of it.
   */
  readonly gateway: GatewayPlan;
  /** Where the guard is asked about every request. */
  readonly edge: GatewayPlan;
  readonly guard: GuardPlan;
}

/** Ports of the gateways: a router's Envoy binds its own on every address. */
export interface GatewayPorts {
  readonly gateway: number;
  readonly edge: number;
}

export async function gatewayPorts(addresses: Addresses): Promise<GatewayPorts> {
  return { gateway: await addresses.port('0.0.0.0', 28000), edge: await addresses.port('0.0.0.0', 28050) };
}

export interface DeploymentOptions {
  readonly authUrl: string;
  /** The `iss` of the platform's tokens. */
  readonly issuer: string;
  readonly ports: GatewayPorts;
}

export async function deployment(
  addresses: Addresses,
  { authUrl, issuer, ports }: DeploymentOptions,
): Promise<Deployment> {
  const jwksUri = `${authUrl}/.well-known/jwks.json`;
  const webhookUrl = `https://127.0.0.1:${await addresses.port('127.0.0.1', 28250)}`;
  const { edge, gateway, ...platform } = renderPlatform({
    ...{ target: 'local', issuer, jwksUri, webhookUrl, gatewayTargetPort: ports.gateway },
    edge: { targetPort: ports.edge },
  });
  if (gateway === undefined) throw new Error('the platform has no gateway');
  if (edge?.gateway.workload === undefined) throw new Error('the platform has no guarded edge');
  const shop = renderShop({
    ...{ target: 'local', gateway: refOf(gateway), edge: refOf(edge.gateway) },
    web: { issuer, gateway: refOf(edge.gateway) },
  });
  if (shop.web === undefined) throw new Error('the shop has no page');
  return {
    manifests: [...platform.manifests, ...shop.manifests],
    operator: platform.operator,
    auth: workloadPlan(platform.auth),
    webhookUrl,
    services: [
      {
        ...workloadPlan(shop.bucket),
        env: ({ egressProxy, tokenFile }) => ({
          AUTH_URL: authUrl,
          WORKLOAD_TOKEN_FILE: tokenFile,
          USER_SERVICE_URL: 'http://user.shop',
          NOTIFICATION_SERVICE_URL: 'http://notification.shop',
          EGRESS_PROXY: egressProxy,
        }),
      },
      { ...workloadPlan(shop.user), env: () => ({}) },
      { ...workloadPlan(shop.notification), env: () => ({}) },
      { ...workloadPlan(shop.web), env: () => ({ ISSUER: issuer }) },
      { ...workloadPlan(shop.file), env: ({ dataFolder }) => ({ DATA_FOLDER: dataFolder }) },
    ],
    gateway: gatewayPlan(gateway.workload, addresses),
    edge: gatewayPlan(edge.gateway.workload, addresses),
    guard: { ...workloadPlan(edge.guard), address: addresses.host() },
  };
}

function refOf({ name, namespace }: GatewayRef): GatewayRef {
  return { name, namespace };
}

function gatewayPlan(facts: WorkloadFacts, addresses: Addresses): GatewayPlan {
  const plan = workloadPlan(facts);
  const address = addresses.host();
  return { ...plan, address, url: `http://${address}:${plan.port.number}` };
}

function workloadPlan(facts: WorkloadFacts): WorkloadPlan {
  const [port] = facts.ports;
  if (port === undefined) throw new Error(`${facts.name} has no port`);
  const { name, namespace, serviceAccount, labels } = facts;
  return { name, namespace, serviceAccount, labels, port: { name: port.name, number: port.targetPort } };
}
