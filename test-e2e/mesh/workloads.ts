import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Assembly } from './assembly.ts';
import type { Cluster } from './cluster.ts';
import type { GatewayPlan, ServicePlan } from './deployment.ts';
import type { Istiods } from './istiod.ts';
import { EGRESS_PORT, sidecar, workloadEntry } from './manifests.ts';
import type { WorkloadInfo } from './mesh-info.ts';
import { type ProxyCredentials, type ProxyWorkload, proxy } from './proxy.ts';
import { sample } from './services.ts';
import { waitFor } from './wait.ts';

interface Plans {
  readonly services: readonly ServicePlan[];
  readonly gateway: GatewayPlan;
  readonly edge: GatewayPlan;
}

/** Starts each service with its Envoy, in turns connected to one istiod and to the other, and the gateways' Envoys, all at once. */
export async function startWorkloads(
  assembly: Assembly,
  plans: Plans,
  [first, second]: Istiods,
): Promise<Readonly<Record<string, WorkloadInfo>>> {
  const started = await Promise.all([
    ...plans.services.map((plan, index) =>
      startService(assembly, plan, index % 2 === 0 ? first.discovery : second.discovery),
    ),
    startGateway(assembly, plans.gateway, first.discovery),
    startGateway(assembly, plans.edge, second.discovery),
  ]);
  return Object.fromEntries(started);
}

async function startService(assembly: Assembly, plan: ServicePlan, discovery: string): Promise<[string, WorkloadInfo]> {
  const { cluster, supervisor, context } = assembly;
  const workload = { ...plan, role: 'sidecar', address: context.addresses.host() } as const;
  const egressProxy = `http://${workload.address}:${EGRESS_PORT}`;
  const tokenFile = await writeToken(assembly, plan);
  const dataFolder = join(context.folder, `${plan.name}-data`);
  const app = await sample(plan.name, plan.env({ egressProxy, tokenFile, dataFolder }), context);
  await cluster.apply([workloadEntry(workload, [plan.port]), sidecar(workload, [plan.port], app.port)]);
  const [envoyAdmin] = await Promise.all([startProxy(assembly, workload, discovery), supervisor.start(app.spec)]);
  const info = {
    namespace: plan.namespace,
    serviceAccount: plan.serviceAccount,
    address: `${workload.address}:${plan.port.number}`,
    egressProxy,
    app: `http://127.0.0.1:${app.port}`,
    envoyAdmin,
  };
  return [plan.name, info];
}

/** As the kubelet mounts it; but for a month, since nothing renews it here. */
async function writeToken({ cluster, context }: Assembly, plan: ServicePlan): Promise<string> {
  const path = join(context.folder, `${plan.name}-token`);
  await writeFile(path, await cluster.token(plan.namespace, plan.serviceAccount, 'sekisho'), { mode: 0o600 });
  return path;
}

async function startGateway(assembly: Assembly, plan: GatewayPlan, discovery: string): Promise<[string, WorkloadInfo]> {
  const { cluster } = assembly;
  const workload = { ...plan, role: 'router' } as const;
  await cluster.apply([workloadEntry(workload, [plan.port])]);
  const envoyAdmin = await startProxy(assembly, workload, discovery);
  const { namespace, serviceAccount } = plan;
  return [plan.name, { namespace, serviceAccount, address: `${plan.address}:${plan.port.number}`, envoyAdmin }];
}

/**
 * Starts the Envoy of a workload that istiod knows, and answers when it serves.
 * @param discovery host:port of istiod
 * @returns base URL of its admin interface
 */
export async function startProxy(
  assembly: Pick<Assembly, 'cluster' | 'supervisor' | 'context' | 'tools'>,
  workload: ProxyWorkload,
  discovery: string,
): Promise<string> {
  const { cluster, supervisor, context, tools } = assembly;
  const envoy = await proxy(tools, workload, await credentials(cluster, workload, discovery), context);
  await supervisor.start(envoy.spec);
  return envoy.admin;
}

async function credentials(cluster: Cluster, workload: ProxyWorkload, discovery: string): Promise<ProxyCredentials> {
  const { namespace, serviceAccount } = workload;
  // istiod writes this ConfigMap into every namespace that it sees.
  const rootCert = await waitFor(
    `istiod publishes its root certificate in ${namespace}`,
    async () => {
      const map = await cluster.get('v1', 'ConfigMap', namespace, 'istio-ca-root-cert');
      return (map['data'] as Record<string, string> | undefined)?.['root-cert.pem'];
    },
    { timeout: 120_000 },
  );
  return { discovery, token: await cluster.token(namespace, serviceAccount, 'istio-ca'), rootCert };
}
