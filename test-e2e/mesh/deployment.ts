import { type Manifest, renderPlatform, renderShop, type WorkloadFacts } from '@sekisho/cdk8s';
import type { Addresses } from './addresses.ts';
import { ISSUER } from './services.ts';

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
}

export interface ServicePlan extends WorkloadPlan {
  readonly env: (place: AppPlace) => Readonly<Record<string, string>>;
}

export interface GatewayPlan extends WorkloadPlan {
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
  readonly auth: Account;
  /** Base URL of the operator's admission webhook. */
  readonly webhookUrl: string;
  readonly services: readonly ServicePlan[];
  readonly gateway: GatewayPlan;
  readonly gatewayUrl: string;
}

export async function deployment(addresses: Addresses, authUrl: string): Promise<Deployment> {
  const address = addresses.host();
  // A router's Envoy binds its port on every address.
  const gatewayTargetPort = await addresses.port('0.0.0.0', 28000);
  const jwksUri = `${authUrl}/.well-known/jwks.json`;
  const webhookUrl = `https://127.0.0.1:${await addresses.port('127.0.0.1', 28250)}`;
  const platform = renderPlatform({ target: 'local', issuer: ISSUER, jwksUri, gatewayTargetPort, webhookUrl });
  const shop = renderShop({
    target: 'local',
    gateway: { name: platform.gateway.name, namespace: platform.gateway.namespace },
  });
  return {
    manifests: [...platform.manifests, ...shop.manifests],
    operator: platform.operator,
    auth: platform.auth,
    webhookUrl,
    services: [
      {
        ...workloadPlan(shop.bucket),
        env: ({ egressProxy, tokenFile }) => ({
          AUTH_URL: authUrl,
          WORKLOAD_TOKEN_FILE: tokenFile,
          USER_SERVICE_URL: 'http://user.shop',
          EGRESS_PROXY: egressProxy,
        }),
      },
      { ...workloadPlan(shop.user), env: () => ({}) },
    ],
    gateway: { ...workloadPlan(platform.gateway.workload), address },
    gatewayUrl: `http://${address}:${gatewayTargetPort}`,
  };
}

function workloadPlan(facts: WorkloadFacts): WorkloadPlan {
  const [port] = facts.ports;
  if (port === undefined) throw new Error(`${facts.name} has no port`);
  const { name, namespace, serviceAccount, labels } = facts;
  return { name, namespace, serviceAccount, labels, port: { name: port.name, number: port.targetPort } };
}
