import type { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { addNetworkPolicy, allowFrom } from '../network/network-policy.ts';
import { podsOf } from '../network/peers.ts';
import { addService, addServiceAccount, type WorkloadFacts } from '../workload.ts';
import { addStatefulSet, type Volume } from './stateful-set.ts';

export interface PostgresqlServerProps {
  readonly namespace: string;
  /** Who may reach it. */
  readonly clients: readonly Pick<WorkloadFacts, 'namespace' | 'labels'>[];
  /** Whether all others are denied. @default true */
  readonly isolated?: boolean;
  /** One that reads `POSTGRES_USER`, `POSTGRES_PASSWORD_FILE` and `PGDATA` as the official ones do. @default 'postgres:17.6' */
  readonly image?: string | undefined;
  /** The user of the image who may own a database. @default 999 */
  readonly user?: number | undefined;
  /** Holds the key `password`, of the user and the database `sekisho`. @default 'sekisho-postgresql' */
  readonly secretName?: string | undefined;
  /** False: accounts and signing keys end with the pod. @default 8Gi of the cluster's storage class */
  readonly volume?: Volume | false | undefined;
}

const NAME = 'sekisho-postgresql';
const PORT = { name: 'tcp-postgresql', port: 5432, targetPort: 5432, appProtocol: 'tcp' } as const;
const IMAGE = 'postgres:17.6';
const USER = 999;
const DATABASE = 'sekisho';
const SECRET_FILES = '/var/run/secrets/sekisho';
const SECRET_KEY = 'password';
const DATA_FOLDER = '/var/lib/sekisho-postgresql';

const ENVIRONMENT: k8s.EnvVar[] = [
  // Not the volume's root, which holds what a file system puts there, and belongs to somebody else.
  { name: 'PGDATA', value: `${DATA_FOLDER}/pgdata` },
  { name: 'POSTGRES_USER', value: DATABASE },
  { name: 'POSTGRES_DB', value: DATABASE },
  { name: 'POSTGRES_PASSWORD_FILE', value: `${SECRET_FILES}/${SECRET_KEY}` },
  { name: 'POSTGRES_INITDB_ARGS', value: '--auth=scram-sha-256 --data-checksums' },
];

/** What can be known of it before it is made. */
export function postgresqlWorkload(namespace: string): WorkloadFacts {
  return { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [PORT] };
}

/**
 * One PostgreSQL for accounts and signing keys, for who has none: without replicas or backups, and without TLS. Production brings its own.
 */
export class PostgresqlServer extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: PostgresqlServerProps) {
    super(scope, id);
    const { namespace, clients, isolated = true, secretName = 'sekisho-postgresql' } = props;
    this.workload = postgresqlWorkload(namespace);
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    const ingress = allowFrom(clients.map(podsOf), PORT.targetPort);
    if (isolated) addNetworkPolicy(this, this.workload, { ingress, egress: [] });
    addStatefulSet(this, {
      workload: this.workload,
      image: props.image ?? IMAGE,
      args: ['-c', 'password_encryption=scram-sha-256'],
      env: ENVIRONMENT,
      user: props.user ?? USER,
      volume: props.volume ?? { size: '8Gi' },
      dataFolder: DATA_FOLDER,
      scratchFolders: { tmp: '/tmp', run: '/var/run/postgresql' },
      secretFiles: { secretName, mountPath: SECRET_FILES, keys: [SECRET_KEY] },
      readiness: { exec: { command: ['pg_isready', '--host=127.0.0.1', `--username=${DATABASE}`] } },
      resources: { cpu: '100m', memory: '192Mi', memoryLimit: '512Mi' },
    });
  }
}
