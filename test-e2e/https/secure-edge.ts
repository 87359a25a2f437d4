import type { Manifest } from '@sekisho/cdk8s';
import { API_VERSION, POLICY_KIND } from '@sekisho/policy';
import { ECHO } from '../echo/echo.ts';
import type { Cluster } from '../mesh/cluster.ts';
import { startGateway } from '../mesh/guest-gateway.ts';
import { applyFor } from '../mesh/guest-place.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { certificateFor } from './certificate.ts';
import { type Answered, ask, type Server } from './client.ts';

const GATEWAY = { name: 'secure', namespace: 'istio-edge' } as const;
const ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' } as const;
const DEPLOYED_IN = ['shop', 'sekisho-system'];
/** The host of the shop, and one of those that the echo service takes. */
export const SHOP = 'shop.test';
export const OTHER = 'other.test';
/** A host of the echo service, but for a route that istiod drops. */
export const SPOILT = 'spoilt.test';
const LONG_MS = 180_000;

export interface SecureEdge extends AsyncDisposable {
  readonly server: Server;
}

/**
 * A guarded Gateway with two HTTPS listeners: one for the host of the shop, to which all that is deployed is attached, and one for every host
 * under .test, which leads to the echo service. Answers when both serve.
 */
export async function openSecureEdge(mesh: MeshInfo, cluster: Cluster): Promise<SecureEdge> {
  await using opened = new AsyncDisposableStack();
  const certificate = await certificateFor([SHOP, OTHER, SPOILT]);
  const plan = { ...GATEWAY, listeners: { shop: SHOP, any: '*.test' }, certificate };
  await applyFor(opened, cluster, [policy()]);
  const { port } = opened.use(await startGateway(mesh, cluster, plan));
  await applyFor(opened, cluster, [...(await deployedRoutes(cluster)), echoRoute(), ...strayRoutes()]);
  const server = { port, ca: certificate.certificate };
  await served(server, SHOP, '/healthz-of-nobody', '404');
  await served(server, OTHER, '/echo/public', '200');
  await served(server, SPOILT, '/echo/public', '403');
  const held = opened.move();
  return { server, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function policy(): Manifest {
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: GATEWAY.name }];
  const rules = [{ name: 'guarded', allow: { public: true } }];
  return {
    ...{ apiVersion: API_VERSION, kind: POLICY_KIND, metadata: GATEWAY },
    spec: { targetRefs, revocation: { check: 'Edge' }, rules },
  };
}

const at = (sectionName: string, hostnames: readonly string[]) => ({
  parentRefs: [{ ...GATEWAY, sectionName }],
  ...(hostnames.length > 0 && { hostnames }),
});

/** Those of the guarded gateway, as they are, at this one. */
async function deployedRoutes(cluster: Cluster): Promise<readonly Manifest[]> {
  const resource = await cluster.resource(ROUTE);
  const lists = await Promise.all(DEPLOYED_IN.map((namespace) => cluster.client.list(resource, { namespace })));
  return lists
    .flatMap(({ items }) => items)
    .filter(({ spec }) => JSON.stringify(spec).includes('"istio-edge"'))
    .map(({ metadata: { name, namespace = '' }, spec }) => ({
      ...{ ...ROUTE, metadata: { name: `${name}-https`, namespace } },
      spec: { ...Object(spec), ...at('shop', [SHOP]) },
    }));
}

function echoRoute(): Manifest {
  const rules = [{ backendRefs: [{ name: ECHO.name, port: 80 }] }];
  return { ...ROUTE, metadata: { name: 'echo-https', namespace: ECHO.namespace }, spec: { ...at('any', []), rules } };
}

/** Two that lead to the bucket service, and of which istiod makes nothing: one names a host of the other listener, and one has a rule that it cannot read. */
function strayRoutes(): readonly Manifest[] {
  const toBucket = { backendRefs: [{ name: 'bucket', port: 80 }] };
  const extensionRef = { group: 'example.org', kind: 'Nothing', name: 'nothing' };
  const spoilt = {
    ...toBucket,
    matches: [{ path: { type: 'Exact', value: '/spoilt' } }],
    filters: [{ type: 'ExtensionRef', extensionRef }],
  };
  const named = (name: string, host: string, rules: readonly object[]): Manifest => ({
    ...{ ...ROUTE, metadata: { name, namespace: 'shop' } },
    spec: { ...at('any', [host]), rules },
  });
  return [named('isolated-https', SHOP, [toBucket]), named('spoilt-https', SPOILT, [toBucket, spoilt])];
}

async function served(server: Server, host: string, path: string, status: string): Promise<void> {
  let last: Answered | undefined;
  const isServed = async (): Promise<boolean> => {
    last = await ask(server, { serverName: host, host, path });
    return String(last?.status) === status;
  };
  await waitFor(`${host}${path} answers ${status}`, isServed, { timeout: LONG_MS, every: 200 }).catch(
    (error: unknown) => {
      throw new Error(`last answer: ${last?.status} ${last?.body}`, { cause: error });
    },
  );
}
