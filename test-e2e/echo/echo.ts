import type { Manifest } from '@sekisho/cdk8s';
import { API_VERSION, POLICY_KIND, type ServiceAuthPolicySpec } from '@sekisho/policy';
import type { Cluster } from '../mesh/cluster.ts';
import { type Guest, startGuest } from '../mesh/guest.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { remove } from '../mesh/remove.ts';
import { Policies } from '../story/policies.ts';
import { settle } from '../story/settle.ts';
import { type EchoApp, startEchoApp } from './app.ts';

export const ECHO = { namespace: 'shop', name: 'echo' } as const;
export const PUBLIC = '/echo/public';
export const ITEMS = '/echo/items';
export const ADMIN = '/echo/admin';
/** Whoever has a token for this service. */
export const MEMBERS = '/echo/members';
export const SAY = '/echo.Echo/Say';
export const PING = '/echo.Echo/Ping';
/** A host of its own, where one path leads that leads nowhere on any other. */
export const VIRTUAL = { host: 'virtual.test', path: '/virtual' } as const;
/** Of its workload, and of the Envoy in front of it. */
const PORTS = { http: 8080, grpc: 9090 } as const;
/** Of the Service: an Envoy on the way out tells services by their name alone where it is HTTP's own port. */
const SERVICE_PORTS = { http: 80, grpc: PORTS.grpc } as const;
const LONG_MS = 120_000;

/** A service behind the guarded gateway that takes everything and tells what it got. */
export interface Echo extends AsyncDisposable, Pick<Guest, 'envoyAdmin' | 'processes'> {
  readonly app: EchoApp;
  /** host:port on which its Envoy takes mTLS. */
  readonly address: { readonly host: string; readonly port: number };
  /** Changes its policy, and waits until the operator has proof that every proxy obeys. */
  configure(spec: Pick<ServiceAuthPolicySpec, 'revocation'>): Promise<void>;
}

const RULES: ServiceAuthPolicySpec['rules'] = [
  { name: 'public', to: [{ paths: [PUBLIC, `${PUBLIC}/{**}`, PING, VIRTUAL.path] }], allow: { public: true } },
  {
    name: 'read',
    to: [{ methods: ['GET'], paths: [ITEMS, `${ITEMS}/{**}`] }],
    allow: { permissions: { anyOf: ['echo:read'] } },
  },
  {
    name: 'write',
    to: [{ methods: ['POST'], paths: [ITEMS, `${ITEMS}/{**}`, SAY] }],
    allow: { permissions: { anyOf: ['echo:write'] } },
  },
  { name: 'members', to: [{ paths: [MEMBERS] }], allow: { authenticated: true } },
  { name: 'administer', to: [{ paths: [`${ADMIN}/{**}`] }], allow: { roles: { anyOf: ['admin'] } } },
];

function policy(spec: Pick<ServiceAuthPolicySpec, 'revocation'>): Manifest {
  const selector = { matchLabels: { app: ECHO.name } };
  return {
    ...{ apiVersion: API_VERSION, kind: POLICY_KIND, metadata: ECHO },
    spec: { selector, service: ECHO.name, mtls: 'Strict', rules: RULES, ...spec },
  };
}

function rule(prefix: string, port: number) {
  return { matches: [{ path: { type: 'PathPrefix', value: prefix } }], backendRefs: [{ name: ECHO.name, port }] };
}

function route(name: string, spec: object): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { ...ECHO, name },
    spec: { parentRefs: [{ name: 'edge', namespace: 'istio-edge' }], ...spec },
  };
}

const ROUTES = [
  route(ECHO.name, { rules: [rule('/echo', SERVICE_PORTS.http), rule('/echo.Echo', SERVICE_PORTS.grpc)] }),
  route('echo-virtual', { hostnames: [VIRTUAL.host], rules: [rule(VIRTUAL.path, SERVICE_PORTS.http)] }),
];

/** Adds it to a running mesh, and answers when it is reached through the guarded gateway, under its policy. */
export async function openEcho(
  mesh: MeshInfo,
  cluster: Cluster,
  spec: Pick<ServiceAuthPolicySpec, 'revocation'> = {},
): Promise<Echo> {
  await using opened = new AsyncDisposableStack();
  const app = opened.use(await startEchoApp());
  const ports = [
    { name: 'http', number: PORTS.http, servicePort: SERVICE_PORTS.http },
    { name: 'grpc', number: PORTS.grpc, protocol: 'GRPC', appPort: app.grpcPort },
  ] as const;
  const guest = opened.use(await startGuest(mesh, cluster, { ...ECHO, ports, appPort: app.port }));
  for (const manifest of [policy(spec), ...ROUTES]) {
    opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
  const enforced = (): Promise<void> => new Policies(cluster).enforced(ECHO.namespace, ECHO.name, LONG_MS);
  await enforced();
  await reached(mesh.edge + PUBLIC);
  await reached(mesh.edge + VIRTUAL.path, { host: VIRTUAL.host });
  const held = opened.move();
  return {
    ...{ app, envoyAdmin: guest.envoyAdmin, processes: guest.processes },
    address: { host: guest.address, port: PORTS.http },
    async configure(changed) {
      await cluster.apply([policy(changed)]);
      await enforced();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function reached(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const answer = await settle(url, { headers }, '200', LONG_MS);
  if (answer !== '200') throw new Error(`the echo service is not reached through the gateway: ${answer}`);
}
