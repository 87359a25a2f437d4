import { ECHO, ITEMS, openEcho } from '@sekisho/test-e2e/echo';
import { Cluster, type MeshInfo, runningMesh, startMesh, stopMesh } from '@sekisho/test-e2e/mesh';
import { Accounts, type Person } from '@sekisho/test-e2e/story';

/** A real mesh, and a service behind its guarded gateway that takes everything. */
export interface MeshWorld {
  readonly mesh: MeshInfo;
  readonly accounts: Accounts;
  readonly person: Person;
  /** Where the person may read, through the gateway. */
  readonly items: string;
}

export async function startMeshWorld(opened: AsyncDisposableStack, report: (line: string) => void): Promise<MeshWorld> {
  const running = runningMesh();
  const mesh = running ?? (await startMesh(report));
  if (running === undefined) opened.defer(async () => void (await stopMesh()));
  const cluster = new Cluster(mesh.kubeconfig);
  opened.defer(() => cluster.close());
  opened.use(await openEcho(mesh, cluster));
  const accounts = new Accounts(mesh);
  const grants = [{ service: ECHO.name, permissions: ['echo:read'] }];
  const person = await accounts.create({ name: 'bench', roles: ['member'], grants });
  return { mesh, accounts, person, items: mesh.edge + ITEMS };
}
