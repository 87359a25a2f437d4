import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_ISSUER } from '@sekisho/cdk8s';
import { API_VERSION, crds, ISSUER_KIND } from '@sekisho/policy';
import { Cluster } from '../mesh/cluster.ts';
import type { ServerContext } from '../mesh/control-plane.ts';
import { documents } from '../mesh/documents.ts';
import type { ProcessSpec } from '../mesh/managed-process.ts';
import { MESH_MARK } from '../mesh/proc.ts';
import { nodeProcess } from '../mesh/services.ts';
import { type Store, valkey } from '../mesh/stores.ts';
import type { Supervisor } from '../mesh/supervisor.ts';
import { timer } from '../mesh/timer.ts';
import { answersOk, waitFor } from '../mesh/wait.ts';
import { startControlPlane } from '../setup/control-plane.ts';
import type { Toolchain } from '../toolchain/index.ts';
import { LINES, Lines, ROUND_TRIP_MS } from './lines.ts';
import { GUARD, objects } from './objects.ts';
import { type Region, type RegionStores, randomKey, region, secret } from './region.ts';
import type { RegionName, RegionsInfo } from './regions-info.ts';
import { type Toxiproxy, toxiproxy } from './toxiproxy.ts';

export interface RegionsTools extends Toolchain {
  readonly toxiproxy: string;
}

export interface Surroundings {
  readonly tools: RegionsTools;
  readonly supervisor: Supervisor;
  readonly context: ServerContext;
  /** Of the one primary. */
  readonly postgresUrl: string;
  /** Of its replica, which is in osaka. */
  readonly replicaUrl: string;
  readonly maxStalenessSeconds: number;
  readonly report: (line: string) => void;
}

const LONG_MS = 120_000;

/** Starts two regions and what they share, and answers when both serve. */
export async function assemble(surroundings: Surroundings): Promise<RegionsInfo> {
  const { supervisor, context, maxStalenessSeconds, report } = surroundings;
  const timed = timer(report);
  const [servers, kubeconfig] = await timed(
    'three Valkeys, toxiproxy, etcd, kube-apiserver',
    Promise.all([startStores(surroundings), startControlPlane(surroundings.tools, context, supervisor)]),
  );
  const cluster = new Cluster(kubeconfig);
  try {
    await timed('definitions, accounts', prepare(cluster, surroundings.tools));
    const common = { ...(await commonOf(cluster, context)), kubeconfig, maxStalenessSeconds };
    const make = (name: RegionName): Promise<Region> => {
      const stores = storesOf(name, servers, surroundings);
      return region(name, { common, stores }, context);
    };
    const [tokyo, osaka] = [await make('tokyo'), await make('osaka')];
    await cluster.apply(objects(`${tokyo.place.auth.url}/.well-known/jwks.json`));
    // The first one makes the tables and the administrator.
    await timed('auth service of tokyo', supervisor.start(tokyo.auth));
    await timed(
      'auth service of osaka, operator',
      Promise.all([supervisor.start(osaka.auth), startOperator(surroundings, kubeconfig)]),
    );
    await timed('two guards', Promise.all([tokyo, osaka].map(({ guard }) => supervisor.start(guard))));
    await timed('keys known to the cluster', issuerReady(cluster));
    const lines = new Lines(servers.proxy.api);
    for (const line of LINES) await lines.delay(line, ROUND_TRIP_MS);
    return {
      regions: { tokyo: tokyo.place, osaka: osaka.place },
      globalRedisUrl: servers.global.url,
      lines: servers.proxy.api,
      kubeconfig,
      maxStalenessSeconds,
      processes: join(context.folder, 'processes.json'),
      folder: context.folder,
      logs: context.logs,
      mark: { [MESH_MARK]: context.folder },
    };
  } finally {
    await cluster.close();
  }
}

interface Servers {
  readonly local: Readonly<Record<RegionName, Store>>;
  readonly global: Store;
  readonly proxy: Toxiproxy;
}

async function startStores({ tools, supervisor, context, postgresUrl }: Surroundings): Promise<Servers> {
  const store = async (name: string): Promise<Store> => {
    const made = await valkey(tools.valkey, context, { name: `valkey-${name}`, appendfsync: 'always' });
    await supervisor.start(made.spec);
    return made;
  };
  const [tokyo, osaka, global] = [await store('tokyo'), await store('osaka'), await store('global')];
  const far = { global: new URL(global.url).host, database: new URL(postgresUrl).host };
  const proxy = await toxiproxy(tools.toxiproxy, far, context);
  await supervisor.start(proxy.spec);
  return { local: { tokyo, osaka }, global, proxy };
}

async function prepare(cluster: Cluster, { istioCrds, gatewayCrds }: RegionsTools): Promise<void> {
  const files = await Promise.all([istioCrds, gatewayCrds].map(documents));
  await cluster.apply([...files.flat(), ...crds()]);
  const { namespace, serviceAccount } = GUARD;
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: serviceAccount } },
  ]);
}

async function commonOf(cluster: Cluster, { folder }: ServerContext) {
  const passwordFile = await secret(folder, 'admin-password', randomBytes(18).toString('base64url'));
  return {
    administrator: { email: 'admin@sekisho.local', passwordFile },
    sessionKeyFile: await secret(folder, 'session-key', randomKey()),
    guardToken: await cluster.token(GUARD.namespace, GUARD.serviceAccount, 'sekisho'),
  };
}

function storesOf(
  name: RegionName,
  { local, proxy }: Servers,
  { postgresUrl, replicaUrl }: Surroundings,
): RegionStores {
  const database = new URL(postgresUrl);
  database.host = proxy.near[`${name}-database`];
  return {
    redisUrl: local[name].url,
    globalRedisUrl: `redis://${proxy.near[`${name}-global`]}`,
    databaseUrl: database.href,
    ...(name === 'osaka' && { databaseReadUrl: replicaUrl }),
  };
}

/** Tells who holds a key. There is no istiod here that it could ask about proxies. */
async function startOperator({ supervisor, context }: Surroundings, kubeconfig: string): Promise<void> {
  const listen = `127.0.0.1:${await context.addresses.port('127.0.0.1', 27_400)}`;
  const meshConfig = join(context.folder, 'mesh.yaml');
  await writeFile(meshConfig, 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }\n');
  const env = {
    ...{ KUBECONFIG: kubeconfig, OPERATOR_LISTEN: listen, MESH_CONFIG_FILE: meshConfig },
    ...{ ENFORCEMENT_CHECK: 'false', LEADER_ELECTION: 'false', JWKS_REFRESH_SECONDS: '5' },
  };
  const ready = (): Promise<boolean> => answersOk(`http://${listen}/readyz`);
  const spec: ProcessSpec = nodeProcess({ name: 'operator', main: 'operator/src/main.ts', env, ready }, context);
  await supervisor.start(spec);
}

async function issuerReady(cluster: Cluster): Promise<void> {
  const isReady = async () => {
    const { status } = await cluster.get(API_VERSION, ISSUER_KIND, '', PLATFORM_ISSUER);
    const { conditions } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
    return conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  };
  await waitFor('the TokenIssuer is ready', isReady, { timeout: LONG_MS });
}
