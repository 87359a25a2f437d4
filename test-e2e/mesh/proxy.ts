import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerContext } from './control-plane.ts';
import type { ProcessSpec } from './managed-process.ts';
import { proxyDefaults } from './proxy-defaults.ts';
import { answersOk } from './wait.ts';

/** What one Envoy with its pilot-agent stands beside. */
export interface ProxyWorkload {
  readonly role: 'sidecar' | 'router';
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The workload's own loopback address. */
  readonly address: string;
}

export interface ProxyTools {
  readonly pilotAgent: string;
  readonly envoy: string;
  readonly envoyBootstrap: string;
}

/** What a proxy needs of the control plane. */
export interface ProxyCredentials {
  /** host:port of istiod. */
  readonly discovery: string;
  /** A ServiceAccount token with audience `istio-ca`. */
  readonly token: string;
  /** istiod's root certificate, PEM. */
  readonly rootCert: string;
}

export interface Proxy {
  readonly spec: ProcessSpec;
  /** Base URL of Envoy's admin interface. */
  readonly admin: string;
}

/** pilot-agent with Envoy, fed by files where a pod would have projected volumes. */
export async function proxy(
  tools: ProxyTools,
  workload: ProxyWorkload,
  credentials: ProxyCredentials,
  context: ServerContext,
): Promise<Proxy> {
  const folder = join(context.folder, 'proxies', workload.name);
  await writeFiles(folder, tools, credentials);
  const port = (preferred: number): Promise<number> => context.addresses.port('0.0.0.0', preferred);
  const ports = {
    admin: await port(27000),
    status: await port(27100),
    ready: await port(27200),
    metrics: await port(27300),
  };
  const own = { binaryPath: tools.envoy, discoveryAddress: credentials.discovery };
  const args = ['proxy', workload.role, '--domain', `${workload.namespace}.svc.cluster.local`];
  const spec: ProcessSpec = {
    name: `proxy-${workload.name}`,
    command: tools.pilotAgent,
    args,
    env: environment(workload, ports, { ...(await proxyDefaults()), ...own }),
    cwd: folder,
    log: join(context.logs, `proxy-${workload.name}.log`),
    ready: () => answersOk(`http://127.0.0.1:${ports.ready}/healthz/ready`),
  };
  return { spec, admin: `http://127.0.0.1:${ports.admin}` };
}

async function writeFiles(folder: string, tools: ProxyTools, credentials: ProxyCredentials): Promise<void> {
  const folders = [
    'var/run/secrets/tokens',
    'var/run/secrets/istio',
    'var/lib/istio/envoy',
    'etc/istio/proxy',
    'etc/istio/pod',
  ];
  for (const name of folders) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'var/run/secrets/tokens/istio-token'), credentials.token, { mode: 0o600 });
  await writeFile(join(folder, 'var/run/secrets/istio/root-cert.pem'), credentials.rootCert);
  await copyFile(tools.envoyBootstrap, join(folder, 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json'));
}

/** @param config of the proxy, beside what every workload here has */
function environment(
  workload: ProxyWorkload,
  ports: { admin: number; status: number; ready: number; metrics: number },
  config: { readonly discoveryAddress: string },
): Record<string, string> {
  const { discoveryAddress } = config;
  const proxyConfig = {
    ...config,
    configPath: './etc/istio/proxy',
    statusPort: ports.status,
    proxyAdminPort: ports.admin,
    concurrency: 1,
    terminationDrainDuration: '0s',
  };
  const root = './var/run/secrets/istio/root-cert.pem';
  return {
    PROXY_CONFIG: JSON.stringify(proxyConfig),
    ENVOY_STATUS_PORT: String(ports.ready),
    ENVOY_PROMETHEUS_PORT: String(ports.metrics),
    INSTANCE_IP: workload.address,
    POD_NAME: `${workload.name}-1`,
    POD_NAMESPACE: workload.namespace,
    SERVICE_ACCOUNT: workload.serviceAccount,
    TRUST_DOMAIN: 'cluster.local',
    ISTIO_META_INTERCEPTION_MODE: 'NONE',
    ISTIO_META_CLUSTER_ID: 'Kubernetes',
    CLUSTER_ID: 'Kubernetes',
    ISTIO_METAJSON_LABELS: JSON.stringify(workload.labels),
    PILOT_CERT_PROVIDER: 'istiod',
    CA_ADDR: discoveryAddress,
    XDS_ROOT_CA: root,
    CA_ROOT_CA: root,
  };
}
