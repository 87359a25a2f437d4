import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import type { Cluster } from '../mesh/cluster.ts';
import { RELAY_PORT } from './names.ts';
import { podReady } from './pods.ts';
import { type Access, portForward } from './port-forward.ts';
import { Tunnel } from './tunnel.ts';

export interface RelayPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** Whether it gets a sidecar. */
  readonly meshed: boolean;
  /** Any with Node on its PATH. */
  readonly image: string;
}

const PROGRAM = 'relay.mts';
const FOLDER = '/opt/relay';
const NONROOT = 65_532;
/** It listens on loopback, where a probe of the kubelet's own does not reach. */
const LISTENS = `require('node:net').connect(${RELAY_PORT}, '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(1))`;
const STARTED = {
  exec: { command: ['node', '-e', LISTENS] },
  periodSeconds: 1,
  timeoutSeconds: 30,
  failureThreshold: 120,
};

/** Starts a pod that runs `relay.ts`, and answers when it is ready. */
export async function startRelay(cluster: Cluster, plan: RelayPod): Promise<void> {
  const { namespace, name } = plan;
  const source = await readFile(join(import.meta.dirname, 'relay.ts'), 'utf8');
  const program = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'relay' } };
  await cluster.apply([Object.assign(program, { data: { [PROGRAM]: source } }), podOf(plan)]);
  await podReady(cluster, { namespace, name });
}

/** The way to its relay. */
export function tunnelTo(access: Access, { namespace, name }: Pick<RelayPod, 'namespace' | 'name'>): Tunnel {
  return new Tunnel(() => portForward(access, { namespace, pod: name, port: RELAY_PORT }));
}

function podOf({ namespace, name, labels, serviceAccount, meshed, image }: RelayPod): Manifest {
  const pod = { apiVersion: 'v1', kind: 'Pod' };
  const metadata = { namespace, name, labels: { ...labels, 'sidecar.istio.io/inject': String(meshed) } };
  return Object.assign(pod, {
    metadata,
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: {
        ...{ runAsNonRoot: true, runAsUser: NONROOT, runAsGroup: NONROOT },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumes: [{ name: 'program', configMap: { name: 'relay' } }],
      containers: [
        {
          name: 'relay',
          image,
          command: ['node', `${FOLDER}/${PROGRAM}`, String(RELAY_PORT)],
          startupProbe: STARTED,
          volumeMounts: [{ name: 'program', mountPath: FOLDER, readOnly: true }],
          resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '256Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  });
}
