import { ECHO, type Echo, ITEMS, openEcho } from '@sekisho/test-e2e/echo';
import { Cluster, type MeshInfo, runningMesh, startMesh, stopMesh } from '@sekisho/test-e2e/mesh';
import { Accounts, logIn, type Person, settle } from '@sekisho/test-e2e/story';
import { HttpClient } from '../http.ts';
import type { Call } from '../load.ts';
import { patiently } from '../patiently.ts';

/** A real mesh, and a service behind its guarded gateway that takes everything. */
export interface MeshWorld {
  readonly mesh: MeshInfo;
  readonly cluster: Cluster;
  readonly echo: Echo;
  readonly accounts: Accounts;
  readonly person: Person;
  readonly items: string;
  /** Requests through the gateway, with an access token of the person. */
  readonly edge: Call;
  /** Requests from one workload's Envoy to the next, with a narrow token: without the guard. */
  readonly hop: Call;
  /** Narrow tokens end after minutes: takes a new one. */
  renew(): Promise<void>;
  /** Answers of both ways to a request without a token. */
  anonymous(edge: string, hop: string): Promise<void>;
}

const SERVICE = `${ECHO.name}.${ECHO.namespace}`;

export async function startMeshWorld(opened: AsyncDisposableStack, report: (line: string) => void): Promise<MeshWorld> {
  const running = runningMesh();
  const mesh = running ?? (await startMesh(report));
  if (running === undefined) opened.defer(async () => void (await stopMesh()));
  const cluster = new Cluster(mesh.kubeconfig);
  opened.defer(() => cluster.close());
  const echo = opened.use(await openEcho(mesh, cluster));
  const accounts = new Accounts(mesh);
  const grants = [{ service: ECHO.name, permissions: ['echo:read'] }];
  const person = await accounts.create({ name: 'bench', roles: ['member'], grants });
  const items = mesh.edge + ITEMS;
  const egress = mesh.workloads['user']?.egressProxy;
  if (egress === undefined) throw new Error('the workload user has no egress');
  const [atEdge, atHop] = [client(opened, mesh.edge), client(opened, egress)];
  const tokens = { access: '', narrow: '' };
  return {
    ...{ mesh, cluster, echo, accounts, person, items },
    edge: () => atEdge({ authorization: `Bearer ${tokens.access}` }),
    hop: () => atHop({ host: SERVICE, authorization: `Bearer ${tokens.narrow}` }),
    async renew() {
      tokens.access = await logIn(mesh, person);
      await settled(items, { token: tokens.access }, '200');
      const seen = Object.fromEntries(echo.app.seen.at(-1)?.headers ?? []);
      tokens.narrow = String(seen['authorization']).replace('Bearer ', '');
    },
    async anonymous(edge, hop) {
      await settled(items, {}, edge);
      await settled(`${egress}${ITEMS}`, { headers: { host: SERVICE } }, hop);
    },
  };
}

function client(opened: AsyncDisposableStack, url: string) {
  const http = new HttpClient(url);
  opened.defer(() => http.close());
  const send = (headers: Readonly<Record<string, string>>) => http.send({ method: 'GET', path: ITEMS, headers });
  return (headers: Readonly<Record<string, string>>) => patiently(() => send(headers));
}

const LONG_MS = 120_000;

async function settled(url: string, options: Parameters<typeof settle>[1], wanted: string): Promise<void> {
  const last = await settle(url, options, wanted, LONG_MS);
  if (last !== wanted) throw new Error(`${url} answered ${last}, not ${wanted}`);
}
