import { JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { addAutoscaler, addDisruptionBudget, type Replicas, spreadOver } from './availability.ts';
import type { Labels } from './kubernetes.ts';
import {
  NONROOT,
  type Resources,
  requirements,
  restrictedContainer,
  restrictedPod,
  type SecretFiles,
  scratch,
  secretMount,
  secretVolume,
} from './pod.ts';
import type { WorkloadFacts } from './workload.ts';

export interface DeploymentProps {
  readonly workload: WorkloadFacts;
  readonly image: string;
  /** Port and path that answer 200 while the process lives, and while it can serve. */
  readonly probes: Probes;
  /** @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default 1 */
  readonly replicas?: Replicas | undefined;
  /** Whether the process talks to the API server. @default false */
  readonly apiAccess?: boolean;
  /** A ServiceAccount token of another audience than the API server's, which the kubelet keeps fresh. @default none */
  readonly tokenFile?: TokenFile;
  /** A folder to write to, which lives as long as the pod. @default none */
  readonly dataFolder?: DataFolder;
  /** @default enough for a small service */
  readonly resources?: Resources | undefined;
  /** How long a pod that ends goes on serving before it is told to stop, while others learn that it ends. @default 0 */
  readonly drainSeconds?: number;
  /** Beside those of the workload. @default none */
  readonly podLabels?: Labels;
  /** @default none */
  readonly secretFiles?: SecretFiles;
}

/** Of what proxies send requests to: until each of them knows that a pod ends, for one that still asked it would answer 503. */
export const DRAIN_SECONDS = 5;

export interface Probes {
  readonly port: number;
  readonly live: string;
  readonly ready: string;
  /** How long a process may take until it answers the first, on a slow node or while it waits for others. @default 90 */
  readonly startSeconds?: number;
}

export interface TokenFile {
  readonly mountPath: string;
  readonly file: string;
  readonly audience: string;
  /** At least 600. */
  readonly expirationSeconds: number;
}

export interface DataFolder {
  readonly mountPath: string;
  /** For example `1Gi`: a pod that writes more is evicted. */
  readonly sizeLimit: string;
}

/** A service of the samples takes 127 MiB at rest. */
const RESOURCES: Resources = { cpu: '50m', memory: '128Mi', memoryLimit: '256Mi' };
/** Above the ten seconds within which every process stops by itself. */
const GRACE_SECONDS = 20;

/**
 * A Deployment whose pods meet the pod security standard `restricted`, with a read-only root file system, spread over nodes, and replaced
 * without ever being fewer.
 */
export function addDeployment(scope: Construct, props: DeploymentProps): void {
  const { workload, replicas = 1 } = props;
  const { name, namespace, labels } = workload;
  new DrainingDeployment(scope, props, {
    metadata: { name, namespace },
    spec: {
      // The autoscaler owns the number where there is one; whoever applied it again would set it back.
      ...(typeof replicas === 'number' && { replicas }),
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(0), maxSurge: k8s.IntOrString.fromNumber(1) },
      },
      selector: { matchLabels: labels },
      template: { metadata: { labels: { ...labels, ...props.podLabels } }, spec: podSpec(props) },
    },
  });
  addDisruptionBudget(scope, workload);
  if (typeof replicas !== 'number') addAutoscaler(scope, workload, replicas);
}

/** Its pods wait before they are told to stop. The handler `sleep` is there since Kubernetes 1.30, and left out by the types here. */
class DrainingDeployment extends k8s.KubeDeployment {
  readonly drainSeconds: number | undefined;

  constructor(scope: Construct, { drainSeconds }: DeploymentProps, props: k8s.KubeDeploymentProps) {
    super(scope, 'deployment', props);
    this.drainSeconds = drainSeconds;
  }

  override toJson(): unknown {
    const manifest: unknown = super.toJson();
    if (this.drainSeconds === undefined) return manifest;
    const lifecycle = { preStop: { sleep: { seconds: this.drainSeconds } } };
    return JsonPatch.apply(manifest, JsonPatch.add('/spec/template/spec/containers/0/lifecycle', lifecycle));
  }
}

function podSpec(props: DeploymentProps): k8s.PodSpec {
  return {
    serviceAccountName: props.workload.serviceAccount,
    automountServiceAccountToken: props.apiAccess ?? false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS + (props.drainSeconds ?? 0),
    topologySpreadConstraints: spreadOver(props.workload.labels),
    securityContext: restrictedPod(NONROOT),
    containers: [container(props)],
    volumes: [
      scratch('tmp'),
      ...(props.secretFiles ? [secretVolume(props.secretFiles)] : []),
      ...tokenVolumes(props),
      ...dataVolumes(props),
    ],
  };
}

function container({ workload, image, probes, env = [], ...props }: DeploymentProps): k8s.Container {
  const port = k8s.IntOrString.fromNumber(probes.port);
  return {
    name: workload.name,
    image,
    ports: [...new Set([...workload.ports.map(({ targetPort }) => targetPort), probes.port])].map((port) => ({
      containerPort: port,
    })),
    env: [...env],
    startupProbe: startup(probes),
    livenessProbe: { httpGet: { path: probes.live, port }, periodSeconds: 10, timeoutSeconds: 2 },
    readinessProbe: { httpGet: { path: probes.ready, port }, periodSeconds: 5, timeoutSeconds: 2 },
    resources: requirements(props.resources ?? RESOURCES),
    securityContext: restrictedContainer(),
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(props.secretFiles ? [secretMount(props.secretFiles)] : []),
      ...tokenMounts(props),
      ...dataMounts(props),
    ],
  };
}

const START_SECONDS = 90;
/** Often, so that a process that has started is soon asked whether it is ready. */
const START_PERIOD = 2;

function startup({ port, live: path, startSeconds = START_SECONDS }: Probes): k8s.Probe {
  const httpGet = { path, port: k8s.IntOrString.fromNumber(port) };
  return {
    httpGet,
    periodSeconds: START_PERIOD,
    timeoutSeconds: 2,
    failureThreshold: Math.ceil(startSeconds / START_PERIOD),
  };
}

function tokenVolumes({ tokenFile }: DeploymentProps): k8s.Volume[] {
  if (tokenFile === undefined) return [];
  const { audience, expirationSeconds, file: path } = tokenFile;
  return [{ name: 'token', projected: { sources: [{ serviceAccountToken: { audience, expirationSeconds, path } }] } }];
}

function tokenMounts({ tokenFile }: Pick<DeploymentProps, 'tokenFile'>): k8s.VolumeMount[] {
  return tokenFile === undefined ? [] : [{ name: 'token', mountPath: tokenFile.mountPath, readOnly: true }];
}

function dataVolumes({ dataFolder }: DeploymentProps): k8s.Volume[] {
  if (dataFolder === undefined) return [];
  return [{ name: 'data', emptyDir: { sizeLimit: k8s.Quantity.fromString(dataFolder.sizeLimit) } }];
}

function dataMounts({ dataFolder }: Pick<DeploymentProps, 'dataFolder'>): k8s.VolumeMount[] {
  return dataFolder === undefined ? [] : [{ name: 'data', mountPath: dataFolder.mountPath }];
}
