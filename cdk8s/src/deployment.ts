import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
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

const RESOURCES: k8s.ResourceRequirements = {
  requests: { cpu: k8s.Quantity.fromString('50m'), memory: k8s.Quantity.fromString('96Mi') },
  limits: { memory: k8s.Quantity.fromString('256Mi') },
};

/** A Deployment whose pods meet the pod security standard `restricted`, with a read-only root file system. */
export function addDeployment(scope: Construct, props: DeploymentProps): void {
  const { name, namespace, labels } = props.workload;
  new k8s.KubeDeployment(scope, 'deployment', {
    metadata: { name, namespace },
    spec: {
      replicas: props.replicas ?? 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec(props) },
    },
  });
}

function podSpec(props: DeploymentProps): k8s.PodSpec {
  return {
    serviceAccountName: props.workload.serviceAccount,
    automountServiceAccountToken: props.apiAccess ?? false,
    enableServiceLinks: false,
    // Above the ten seconds within which every process stops by itself.
    terminationGracePeriodSeconds: 20,
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
    resources: RESOURCES,
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
