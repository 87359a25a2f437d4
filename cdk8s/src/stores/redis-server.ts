import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { addNetworkPolicy, allowFrom } from '../network/network-policy.ts';
import { podsOf } from '../network/peers.ts';
import { NONROOT } from '../pod.ts';
import { addService, addServiceAccount, type WorkloadFacts } from '../workload.ts';
import { addStatefulSet, type Volume } from './stateful-set.ts';

export interface RedisServerProps {
  readonly namespace: string;
  /** Who may reach it. */
  readonly clients: readonly Pick<WorkloadFacts, 'namespace' | 'labels'>[];
  /** Whether all others are denied. @default true */
  readonly isolated?: boolean;
  /** Of Valkey, or of Redis 6.2 and later. @default 'valkey/valkey:8.1.4-alpine' */
  readonly image?: string | undefined;
  /** The program in the image; `redis-server` in those of Redis. @default 'valkey-server' */
  readonly program?: string | undefined;
  /**
   * Holds the key `users.acl`: one line for each user, `default` among them, so that nobody comes without a password.
   * @default 'sekisho-redis'
   */
  readonly secretName?: string | undefined;
  /** What it may hold before it refuses more, in MB. @default 256 */
  readonly maxMemory?: number | undefined;
  /** False: sessions and revocations end with the pod. @default 2Gi of the cluster's storage class */
  readonly volume?: Volume | false | undefined;
}

const NAME = 'sekisho-redis';
const PORT = { name: 'tcp-redis', port: 6379, targetPort: 6379, appProtocol: 'tcp' } as const;
const IMAGE = 'valkey/valkey:8.1.4-alpine';
const SECRET_FILES = '/var/run/secrets/sekisho';
const DATA_FOLDER = '/data';
const SECRET_KEY = 'users.acl';

/** What can be known of it before it is made. */
export function redisWorkload(namespace: string): WorkloadFacts {
  return { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [PORT] };
}

/**
 * One Redis for sessions and revocations, for who has none: everybody waits while its pod moves to another node, and passwords pass the
 * cluster's network in the clear. Production brings its own, with replicas and TLS.
 */
export class RedisServer extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: RedisServerProps) {
    super(scope, id);
    const { namespace, clients, isolated = true, secretName = 'sekisho-redis', maxMemory = 256 } = props;
    this.workload = redisWorkload(namespace);
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    const ingress = allowFrom(clients.map(podsOf), PORT.targetPort);
    if (isolated) addNetworkPolicy(this, this.workload, { ingress, egress: [] });
    addStatefulSet(this, {
      workload: this.workload,
      image: props.image ?? IMAGE,
      command: [props.program ?? 'valkey-server'],
      args: serverArguments(maxMemory),
      user: NONROOT,
      volume: props.volume ?? { size: '2Gi' },
      dataFolder: DATA_FOLDER,
      scratchFolders: { tmp: '/tmp' },
      secretFiles: { secretName, mountPath: SECRET_FILES, keys: [SECRET_KEY] },
      // It accepts connections before it has read its data; who asks then is told to wait.
      readiness: { tcpSocket: { port: k8s.IntOrString.fromNumber(PORT.targetPort) } },
      resources: { cpu: '50m', memory: `${maxMemory}Mi`, memoryLimit: `${2 * maxMemory + 64}Mi` },
    });
  }
}

/** As docs/sessions-and-revocation.md asks for. Twice the memory for a moment, while the append-only file is rewritten. */
function serverArguments(maxMemory: number): string[] {
  return Object.entries({
    port: PORT.targetPort,
    dir: DATA_FOLDER,
    aclfile: `${SECRET_FILES}/${SECRET_KEY}`,
    maxmemory: `${maxMemory}mb`,
    'maxmemory-policy': 'noeviction',
    'hash-max-listpack-value': 512,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    // Meant for who has no passwords: it would refuse every other pod.
    'protected-mode': 'no',
  }).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
