import { JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Labels } from './kubernetes.ts';
import type { WorkloadFacts } from './workload.ts';

export interface DeploymentProps {
  readonly workload: WorkloadFacts;
  readonly image: string;
  /** Port and path that answer 200 while the process lives, and while it can serve. */
  readonly probes: { readonly port: number; readonly live: string; readonly ready: string };
  /** @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default 1 */
  readonly replicas?: number;
  /** Whether the process talks to the API server. @default false */
  readonly apiAccess?: boolean;
  /** A ServiceAccount token of another audience than the API server's, which the kubelet keeps fresh. @default none */
  readonly tokenFile?: TokenFile;
  /** A folder to write to, which lives as long as the pod. @default none */
  readonly dataFolder?: DataFolder;
  /** @default enough for a small service */
  readonly resources?: Resources;
  /** How long a pod that ends goes on serving before it is told to stop, while others learn that it ends. @default 0 */
  readonly drainSeconds?: number;
  /** Beside those of the workload. @default none */
  readonly podLabels?: Labels;
  /** Files of a Secret, mounted read-only. @default none */
  readonly secretFiles?: { readonly secretName: string; readonly mountPath: string; readonly keys: readonly string[] };
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

/** User and group of distroless images; the pod security standard `restricted` wants any but root. */
const NONROOT = 65_532;

/** As Kubernetes writes quantities. Of CPU there is no limit: who may not use an idle one only answers later. */
export interface Resources {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

const RESOURCES: Resources = { cpu: '50m', memory: '96Mi', memoryLimit: '256Mi' };
/** Above the ten seconds within which every process stops by itself. */
const GRACE_SECONDS = 20;

/** A Deployment whose pods meet the pod security standard `restricted`, with a read-only root file system. */
export function addDeployment(scope: Construct, props: DeploymentProps): void {
  const { name, namespace, labels } = props.workload;
  new DrainingDeployment(scope, props, {
    metadata: { name, namespace },
    spec: {
      replicas: props.replicas ?? 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels: { ...labels, ...props.podLabels } }, spec: podSpec(props) },
    },
  });
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
    securityContext: {
      runAsNonRoot: true,
      runAsUser: NONROOT,
      runAsGroup: NONROOT,
      fsGroup: NONROOT,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container(props)],
    volumes: [
      { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: k8s.Quantity.fromString('16Mi') } },
      ...secretVolumes(props),
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
    livenessProbe: { httpGet: { path: probes.live, port }, periodSeconds: 10, timeoutSeconds: 2 },
    readinessProbe: { httpGet: { path: probes.ready, port }, periodSeconds: 5, timeoutSeconds: 2 },
    resources: requirements(props.resources ?? RESOURCES),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...secretMounts(props),
      ...tokenMounts(props),
      ...dataMounts(props),
    ],
  };
}

function requirements({ cpu, memory, memoryLimit }: Resources): k8s.ResourceRequirements {
  const quantity = (text: string) => k8s.Quantity.fromString(text);
  return { requests: { cpu: quantity(cpu), memory: quantity(memory) }, limits: { memory: quantity(memoryLimit) } };
}

function secretVolumes({ secretFiles }: DeploymentProps): k8s.Volume[] {
  if (secretFiles === undefined) return [];
  const items = secretFiles.keys.map((key) => ({ key, path: key }));
  return [{ name: 'secrets', secret: { secretName: secretFiles.secretName, defaultMode: 0o440, items } }];
}

function secretMounts({ secretFiles }: Pick<DeploymentProps, 'secretFiles'>): k8s.VolumeMount[] {
  return secretFiles === undefined ? [] : [{ name: 'secrets', mountPath: secretFiles.mountPath, readOnly: true }];
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
