import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerContext } from './control-plane.ts';
import type { ProcessSpec } from './managed-process.ts';
import { REPOSITORY } from './paths.ts';
import { answersOk } from './wait.ts';

export interface Istiod {
  readonly spec: ProcessSpec;
  /** host:port of the secured xDS and CA endpoint. */
  readonly discovery: string;
  /** Base URL of its debug and metrics endpoints. */
  readonly monitoring: string;
}

/** The same settings that users install. */
export const MESH_CONFIG = join(REPOSITORY, 'istio/mesh-config.yaml');

const SETTINGS = {
  POD_NAMESPACE: 'istio-system',
  PILOT_CERT_PROVIDER: 'istiod',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: 'false',
  // The operator calls a policy enforced only after a longer time than this (ENFORCEMENT_SETTLE_SECONDS).
  PILOT_DEBOUNCE_MAX: '1s',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
};

/** Two, as a mesh that matters has them: each knows only the proxies that are connected to it. */
export type Istiods = readonly [Istiod, Istiod];

/**
 * istiod outside a cluster: every address on loopback, and none of the filters that upstream Envoy lacks. One that is
 * started after another is ready takes over its certificate authority.
 */
export async function istiod(
  { name, program, kubeconfig }: { readonly name: string; readonly program: string; readonly kubeconfig: string },
  context: ServerContext,
): Promise<Istiod> {
  const folder = join(context.folder, name);
  await mkdir(folder, { recursive: true });
  const host = '127.0.0.1';
  const listen = async (preferred: number): Promise<string> =>
    `${host}:${await context.addresses.port(host, preferred)}`;
  const [http, grpc, discovery, webhook, monitoring] = [
    await listen(28080),
    await listen(25010),
    await listen(25012),
    await listen(25017),
    await listen(25014),
  ];
  const args = [
    'discovery',
    '--kubeconfig',
    kubeconfig,
    '--meshConfig',
    MESH_CONFIG,
    '--domain',
    'cluster.local',
    '--ctrlz_port',
    '0',
  ];
  args.push(
    '--httpAddr',
    http,
    '--grpcAddr',
    grpc,
    '--secureGRPCAddr',
    discovery,
    '--httpsAddr',
    webhook,
    '--monitoringAddr',
    monitoring,
  );
  const env = { ...SETTINGS, POD_NAME: name, ISTIOD_CUSTOM_HOST: host };
  const log = join(context.logs, `${name}.log`);
  const ready = (): Promise<boolean> => answersOk(`http://${http}/ready`);
  return {
    spec: { name, command: program, args, env, cwd: folder, log, ready },
    discovery,
    monitoring: `http://${monitoring}`,
  };
}
