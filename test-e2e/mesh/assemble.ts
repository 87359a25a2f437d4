import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, PLATFORM_NAMESPACE } from '@sekisho/cdk8s';
import { crds } from '@sekisho/policy';
import type { Toolchain } from '../toolchain/index.ts';
import type { Assembly } from './assembly.ts';
import { Cluster } from './cluster.ts';
import { type ApiServer, apiServer, etcd, kubeconfigText, type ServerContext } from './control-plane.ts';
import { type Account, type Deployment, deployment, gatewayPorts } from './deployment.ts';
import { documents } from './documents.ts';
import { type Istiod, type Istiods, istiod } from './istiod.ts';
import { plainWorkloadEntry } from './manifests.ts';
import type { MeshInfo } from './mesh-info.ts';
import { type AuthProcess, auth, guard, operator } from './services.ts';
import { setUpShop } from './shop-set-up.ts';
import { valkey } from './stores.ts';
import type { Supervisor } from './supervisor.ts';
import { timer } from './timer.ts';
import { waitFor } from './wait.ts';
import { startWorkloads } from './workloads.ts';

/** Starts the whole mesh, from etcd to the gateway, and answers when the policies are programmed and the edge serves. */
export async function assemble(
  tools: Toolchain,
  supervisor: Supervisor,
  surroundings: ServerContext,
  report: (line: string) => void,
): Promise<MeshInfo> {
  const collector = `127.0.0.1:${await surroundings.addresses.port('127.0.0.1', 24318)}`;
  const context = { ...surroundings, collector };
  const timed = timer(report);
  const servers = await timed('etcd, kube-apiserver, Valkey', startServers(tools, supervisor, context));
  const cluster = new Cluster(servers.api.kubeconfig);
  try {
    const assembly = { tools, supervisor, context, cluster, report };
    await timed('custom resource definitions', installDefinitions(assembly));
    return { ...(await startMesh(assembly, servers, timed)), collector };
  } finally {
    await cluster.close();
  }
}

/** What is started first, for everything else. */
interface Servers {
  readonly api: ApiServer;
  readonly redis: string;
}

async function startMesh(
  assembly: Assembly,
  { api, redis }: Servers,
  timed: ReturnType<typeof timer>,
): Promise<Omit<MeshInfo, 'collector'>> {
  const { supervisor, context, cluster } = assembly;
  const authKubeconfig = join(context.folder, 'auth-kubeconfig');
  const ports = await gatewayPorts(context.addresses);
  // One host for pages, services and the auth service, and one that browsers trust without TLS.
  const issuer = `http://localhost:${ports.edge}`;
  const authProcess = await auth({ issuer, redisUrl: redis, kubeconfig: authKubeconfig, guard: GUARD }, context);
  const rendered = await deployment(context.addresses, { authUrl: authProcess.url, issuer, ports });
  await timed('manifests', cluster.apply([...rendered.manifests, authWorkload(rendered, authProcess)]));
  await writeAccountKubeconfig(authKubeconfig, { cluster, api, account: rendered.auth });
  const [istiods] = await timed(
    'two istiods, auth service',
    Promise.all([startIstiods(assembly, api), supervisor.start(authProcess.spec)]),
  );
  const operatorUrl = await timed('operator', startOperator(assembly, { api, istiods }, rendered));
  const guardUrl = await timed('guard', startGuard(assembly, { api, redis, auth: authProcess }, rendered));
  const [workloads, shopper] = await timed(
    'gateways, services and their Envoys',
    Promise.all([
      startWorkloads(assembly, rendered, istiods),
      setUpShop(authProcess, issuer, join(context.folder, 'auth')),
    ]),
  );
  await timed('policies programmed', programmed(cluster, rendered));
  return {
    ...{ kubeconfig: api.kubeconfig, redis, web: issuer, shopper, workloads },
    ...{ gateway: rendered.gateway.url, edge: rendered.edge.url, guard: guardUrl, operator: operatorUrl },
    auth: infoOf(authProcess),
    istiods: istiods.map(({ monitoring }) => monitoring),
    discovery: istiods[0].discovery,
    processes: join(context.folder, 'processes.json'),
  };
}

async function startServers(tools: Toolchain, supervisor: Supervisor, context: ServerContext): Promise<Servers> {
  const store = await valkey(tools.valkey, context);
  const database = await etcd(tools.etcd, context);
  await Promise.all([supervisor.start(store.spec), supervisor.start(database.spec)]);
  const api = await apiServer(tools.kubeApiserver, database.url, context);
  await supervisor.start(api.spec);
  return { api, redis: store.url };
}

async function installDefinitions({ cluster, tools }: Assembly): Promise<void> {
  const files = await Promise.all([tools.istioCrds, tools.gatewayCrds].map(documents));
  await cluster.apply([...files.flat(), ...crds(), namespace('istio-system')]);
}

async function startIstiods({ tools, supervisor, context }: Assembly, { kubeconfig }: ApiServer): Promise<Istiods> {
  const start = async (name: string): Promise<Istiod> => {
    const replica = await istiod({ name, program: tools.pilotDiscovery, kubeconfig }, context);
    await supervisor.start(replica.spec);
    return replica;
  };
  return [await start('istiod'), await start('istiod-2')];
}

async function startOperator(
  { supervisor, context, cluster }: Assembly,
  { api, istiods }: { readonly api: ApiServer; readonly istiods: Istiods },
  rendered: Deployment,
): Promise<string> {
  const kubeconfig = join(context.folder, 'operator-kubeconfig');
  await writeAccountKubeconfig(kubeconfig, { cluster, api, account: rendered.operator });
  const {
    webhookUrl,
    operator: { namespace },
  } = rendered;
  const process = await operator({ kubeconfig, namespace, webhookUrl, istiods }, context);
  await supervisor.start(process.spec);
  return process.url;
}

/** As the platform's manifests name its ServiceAccount. */
const GUARD = `${PLATFORM_NAMESPACE}/sekisho-guard`;

interface GuardFacts {
  readonly api: ApiServer;
  readonly redis: string;
  readonly auth: AuthProcess;
}

async function startGuard(
  { supervisor, context, cluster }: Assembly,
  { api, redis, auth }: GuardFacts,
  { guard: plan, auth: authPlan }: Deployment,
): Promise<string> {
  const kubeconfig = join(context.folder, 'guard-kubeconfig');
  await writeAccountKubeconfig(kubeconfig, { cluster, api, account: plan });
  const port = await context.addresses.port(plan.address, plan.port.number);
  await cluster.apply([plainWorkloadEntry(plan, { name: plan.port.name, number: port })]);
  const token = await cluster.token(plan.namespace, plan.serviceAccount, 'sekisho');
  const listen = `${plan.address}:${port}`;
  const { issuer, url: authUrl } = auth;
  const authService = `${authPlan.namespace}/${authPlan.name}`;
  const options = { listen, kubeconfig, token, issuer, authUrl, authService, redisUrl: redis };
  const process = await guard(options, context);
  await supervisor.start(process.spec);
  return process.url;
}

/** As the edge's Envoy finds it: without one of its own. */
function authWorkload({ auth: plan }: Deployment, { url }: AuthProcess): Manifest {
  const { hostname: address, port } = new URL(url);
  return plainWorkloadEntry({ ...plan, address }, { name: plan.port.name, number: Number(port) });
}

interface AccountFacts {
  readonly cluster: Cluster;
  readonly api: ApiServer;
  readonly account: Account;
}

/** A part of the platform has the rights of its own ServiceAccount, not the administrator's. */
async function writeAccountKubeconfig(path: string, { cluster, api, account }: AccountFacts): Promise<void> {
  const tokenFile = `${path}.token`;
  const token = await cluster.token(account.namespace, account.serviceAccount, 'https://kubernetes.default.svc');
  await writeFile(tokenFile, token, { mode: 0o600 });
  await writeFile(path, kubeconfigText(api.url, api.caFile, { tokenFile }), { mode: 0o600 });
}

async function programmed(cluster: Cluster, rendered: Deployment): Promise<void> {
  for (const policy of rendered.manifests.filter((manifest) => manifest.kind === 'ServiceAuthPolicy')) {
    const { namespace: ns = '', name } = policy.metadata;
    await waitFor(
      `ServiceAuthPolicy ${ns}/${name} is programmed (see its status)`,
      async () => {
        const { status } = await cluster.get(policy.apiVersion, policy.kind, ns, name);
        const conditions = (status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions;
        return conditions?.some((condition) => condition.type === 'Programmed' && condition.status === 'True');
      },
      { timeout: 30_000 },
    );
  }
}

function infoOf({ url, adminUrl, issuer, adminEmail, adminPasswordFile }: AuthProcess): MeshInfo['auth'] {
  return { url, adminUrl, issuer, adminEmail, adminPasswordFile };
}

const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
