import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import {
  type Resources,
  requirements,
  restrictedContainer,
  restrictedPod,
  type SecretFiles,
  scratch,
  secretMount,
  secretVolume,
} from '../pod.ts';
import type { WorkloadFacts } from '../workload.ts';

/** Where a store keeps what it holds. */
export interface Volume {
  /** For example `8Gi`. */
  readonly size: string;
  /** @default the cluster's */
  readonly storageClassName?: string;
}

export interface StoreProps {
  readonly workload: WorkloadFacts;
  readonly image: string;
  /** @default the image's own */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  /** @default none */
  readonly env?: readonly k8s.EnvVar[];
  readonly user: number;
  /** False: in the pod, and gone with it. */
  readonly volume: Volume | false;
  /** Where the volume is. */
  readonly dataFolder: string;
  /** Folders that it writes to and does not need after a restart. */
  readonly scratchFolders: Readonly<Record<string, string>>;
  readonly secretFiles: SecretFiles;
  readonly readiness: k8s.Probe;
  readonly resources: Resources;
}

/** Of a store that keeps nothing: a pod that writes more is evicted. */
const POD_VOLUME = '8Gi';
/** To write down what is in memory. */
const GRACE_SECONDS = 60;

/** One pod with a volume, which meets the pod security standard `restricted`. Its volume stays when it is deleted. */
export function addStatefulSet(scope: Construct, props: StoreProps): void {
  const { name, namespace, labels } = props.workload;
  new k8s.KubeStatefulSet(scope, 'stateful-set', {
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: labels },
      template: { metadata: { labels: { ...labels } }, spec: podSpec(props) },
      ...(props.volume !== false && { volumeClaimTemplates: [claim(props.volume)] }),
    },
  });
}

function claim({ size, storageClassName }: Volume): k8s.KubePersistentVolumeClaimProps {
  return {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: k8s.Quantity.fromString(size) } },
      ...(storageClassName !== undefined && { storageClassName }),
    },
  };
}

function podSpec(props: StoreProps): k8s.PodSpec {
  const { workload, user, volume, scratchFolders, secretFiles } = props;
  return {
    serviceAccountName: workload.serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: restrictedPod(user),
    containers: [container(props)],
    volumes: [
      ...Object.keys(scratchFolders).map(scratch),
      secretVolume(secretFiles),
      ...(volume === false ? [{ name: 'data', emptyDir: { sizeLimit: k8s.Quantity.fromString(POD_VOLUME) } }] : []),
    ],
  };
}

function container(props: StoreProps): k8s.Container {
  const { workload, image, command, args, env = [], dataFolder, scratchFolders, secretFiles, readiness } = props;
  return {
    name: workload.name,
    image,
    ...(command && { command: [...command] }),
    args: [...args],
    env: [...env],
    ports: workload.ports.map(({ targetPort }) => ({ containerPort: targetPort })),
    // None for liveness: a store that is late is reading its data, and killing it starts that anew.
    readinessProbe: { periodSeconds: 5, timeoutSeconds: 2, ...readiness },
    resources: requirements(props.resources),
    securityContext: restrictedContainer(),
    volumeMounts: [
      ...Object.entries(scratchFolders).map(([name, mountPath]) => ({ name, mountPath })),
      secretMount(secretFiles),
      { name: 'data', mountPath: dataFolder },
    ],
  };
}
