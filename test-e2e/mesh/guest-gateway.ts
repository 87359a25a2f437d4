import type { Manifest } from '@sekisho/cdk8s';
import { ensureToolchain } from '../toolchain/index.ts';
import type { Cluster } from './cluster.ts';
import { applyFor, openPlace } from './guest-place.ts';
import { workloadEntry } from './manifests.ts';
import type { MeshInfo } from './mesh-info.ts';
import type { ProxyWorkload } from './proxy.ts';
import { startProxy } from './workloads.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const RBAC_API = 'rbac.authorization.k8s.io/v1';
const HTTPS = 443;
const PREFERRED_PORT = 28_400;

/** A Gateway that joins a running mesh for a while, with HTTPS listeners. Its namespace exists. */
export interface GatewayPlan {
  readonly name: string;
  readonly namespace: string;
  /** By name, the host that each takes: in TLS, and of requests. */
  readonly listeners: Readonly<Record<string, string>>;
  /** For all of them, PEM. */
  readonly certificate: { readonly certificate: string; readonly key: string };
}

export interface GuestGateway extends AsyncDisposable {
  /** On every address of this machine. */
  readonly port: number;
  readonly envoyAdmin: string;
}

/** Adds the Gateway, and answers when its Envoy runs; when it serves, whoever asks it sees. */
export async function startGateway(mesh: MeshInfo, cluster: Cluster, plan: GatewayPlan): Promise<GuestGateway> {
  await using opened = new AsyncDisposableStack();
  const name = `${plan.name}-istio`;
  const { context, supervisor } = await openPlace(opened, name);
  const port = await context.addresses.port('0.0.0.0', PREFERRED_PORT);
  const workload: ProxyWorkload = {
    ...{ role: 'router', name, namespace: plan.namespace, serviceAccount: name },
    labels: { 'gateway.networking.k8s.io/gateway-name': plan.name },
    address: context.addresses.host(),
  };
  const placed = [workloadEntry(workload, [{ name: 'https', number: port }]), gateway(plan, name)];
  await applyFor(opened, cluster, [...account(workload, port), ...secret(plan, name), ...placed]);
  const tools = await ensureToolchain(process.env, (line) => console.log(`  ${line}`));
  const envoyAdmin = await startProxy({ tools, supervisor, context, cluster }, workload, mesh.discovery);
  const held = opened.move();
  return { port, envoyAdmin, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function account({ name, namespace, labels }: ProxyWorkload, targetPort: number): readonly Manifest[] {
  const metadata = { name, namespace };
  const ports = [{ name: 'https', port: HTTPS, targetPort, appProtocol: 'https' }];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports } },
  ];
}

/** istiod hands a certificate to whoever may list the Secrets of its namespace (pilot/pkg/credentials/kube). */
function secret({ name, namespace, certificate: { certificate, key } }: GatewayPlan, serviceAccount: string) {
  const metadata = { name, namespace };
  const role = { kind: 'Role', apiGroup: 'rbac.authorization.k8s.io', name };
  const subjects = [{ kind: 'ServiceAccount', name: serviceAccount, namespace }];
  return [
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls' },
      stringData: { 'tls.crt': certificate, 'tls.key': key },
    },
    {
      ...{ apiVersion: RBAC_API, kind: 'Role', metadata },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }],
    },
    { apiVersion: RBAC_API, kind: 'RoleBinding', metadata, roleRef: role, subjects },
  ];
}

function gateway({ name, namespace, listeners }: GatewayPlan, service: string): Manifest {
  const address = { type: 'Hostname', value: `${service}.${namespace}.svc.cluster.local` };
  const common = {
    port: HTTPS,
    protocol: 'HTTPS',
    tls: { mode: 'Terminate', certificateRefs: [{ name }] },
    allowedRoutes: { kinds: [{ kind: 'HTTPRoute' }], namespaces: { from: 'All' } },
  };
  return {
    ...{ apiVersion: GATEWAY_API, kind: 'Gateway', metadata: { name, namespace } },
    spec: {
      gatewayClassName: 'istio',
      addresses: [address],
      listeners: Object.entries(listeners).map(([listener, hostname]) => ({ name: listener, hostname, ...common })),
    },
  };
}
