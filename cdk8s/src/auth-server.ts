import { GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { Replicas } from './availability.ts';
import { addDeployment, DRAIN_SECONDS } from './deployment.ts';
import { type Surroundings, surroundings } from './network/defaults.ts';
import { addNetworkPolicy, allowFrom, allowTo, DNS, type Traffic } from './network/network-policy.ts';
import type { NetworkProps } from './network/network-props.ts';
import { namespaces } from './network/peers.ts';
import type { Resources } from './pod.ts';
import { authRegionEnvironment, type RegionProps, SESSION_KEY } from './region.ts';
import { allowToCollector, type TracesProps, withTraces } from './traces.ts';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface AuthServerProps {
  readonly namespace: string;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Name of the TokenIssuer that stands for it: its status tells when a new signing key may be used. */
  readonly tokenIssuer: string;
  /** The guard, which alone may have keys that sign narrow tokens. @default nobody */
  readonly guard?: Pick<WorkloadFacts, 'namespace' | 'serviceAccount'>;
  /** What runs it, or false where it runs outside the cluster. */
  readonly deployment: AuthDeployment | false;
  /** Who it talks with, or false where nothing is to be denied. @default as the properties say */
  readonly network?: NetworkProps | false | undefined;
  /** Which of several regions it is in. @default there is one */
  readonly region?: RegionProps | undefined;
  /** Where its spans go. @default nowhere */
  readonly traces?: TracesProps | undefined;
}

export interface AuthDeployment {
  readonly image: string;
  /**
   * Holds the keys `database-url`, `redis-url` and `key-encryption-key` (32 random bytes in base64; earlier ones may follow, one on
   * a line). In one of several regions also `global-redis-url`, and `session-key` (as the former, the same in every region).
   * @default 'sekisho-auth'
   */
  readonly secretName?: string;
  /** Account made at the first start, with the key `bootstrap-admin-password` of the Secret. @default none is made */
  readonly bootstrapAdminEmail?: string | undefined;
  /** @default 2 */
  readonly replicas?: Replicas | undefined;
  /**
   * Addresses of the Gateways' pods, whose `X-Forwarded-For` tells where a log-in comes from: for example the network of all pods, since
   * only proxies reach it. @default none: all log-ins come from one network, and are limited as one
   */
  readonly trustedProxies?: readonly string[];
  /** Beside those rendered here. @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default as measured */
  readonly resources?: Resources;
}

const NAME = 'auth';
const PUBLIC = { name: 'http', port: 80, targetPort: 8080 } as const;
/** Administration, health and metrics: a port of its own, so that no route reaches it by mistake. */
const ADMIN = { name: 'http-admin', port: 8081, targetPort: 8081 } as const;
/** Above what the process takes at rest: 19 MiB for each of the four passwords that are hashed at once, 94 bytes for each revocation. */
const RESOURCES: Resources = { cpu: '200m', memory: '192Mi', memoryLimit: '512Mi' };
/** It waits for its database for five minutes (DATABASE_WAIT_SECONDS) and then says why it ends, which a kubelet would not. */
const START_SECONDS = 360;
const SECRET_FILES = '/var/run/secrets/sekisho';

/** Accounts, sessions, tokens and their keys. */
export class AuthServer extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: AuthServerProps) {
    super(scope, id);
    const { tokenIssuer, deployment } = props;
    this.workload = authWorkload(props.namespace);
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    this.#addRole(tokenIssuer);
    if (deployment === false) return;
    this.#deploy(props, deployment);
    const { network = {} } = props;
    if (network !== false) addNetworkPolicy(this, this.workload, traffic(surroundings(network), props));
  }

  #deploy({ issuer, tokenIssuer, guard, region, traces }: AuthServerProps, deployment: AuthDeployment): void {
    const { image, replicas = 2, secretName = 'sekisho-auth', bootstrapAdminEmail, trustedProxies = [] } = deployment;
    const admin = bootstrapAdminEmail === undefined ? [] : adminEnvironment(bootstrapAdminEmail);
    const keys = [
      'key-encryption-key',
      ...(admin.length > 0 ? ['bootstrap-admin-password'] : []),
      ...(region ? [SESSION_KEY] : []),
    ];
    addDeployment(this, {
      workload: this.workload,
      image,
      replicas,
      // For the TokenIssuer, and for the keys that ServiceAccount tokens are signed with.
      apiAccess: true,
      probes: { port: ADMIN.targetPort, live: '/healthz', ready: '/readyz', startSeconds: START_SECONDS },
      env: withTraces(
        [
          ...environment(issuer, secretName),
          { name: 'TOKEN_ISSUER_NAME', value: tokenIssuer },
          ...(guard ? [{ name: 'GUARD_WORKLOADS', value: `${guard.namespace}/${guard.serviceAccount}` }] : []),
          ...(trustedProxies.length === 0 ? [] : [{ name: 'AUTH_TRUSTED_PROXIES', value: trustedProxies.join(',') }]),
          ...admin,
          ...authRegionEnvironment(region, secretName, SECRET_FILES),
          ...(deployment.env ?? []),
        ],
        traces,
      ),
      resources: deployment.resources ?? RESOURCES,
      secretFiles: { secretName, mountPath: SECRET_FILES, keys },
      drainSeconds: DRAIN_SECONDS,
    });
  }

  /** To read that one TokenIssuer, and nothing else in the cluster. */
  #addRole(tokenIssuer: string): void {
    const { serviceAccount, namespace } = this.workload;
    const metadata = { name: 'sekisho-auth' };
    const rule = { apiGroups: [GROUP], resources: ['tokenissuers'], resourceNames: [tokenIssuer], verbs: ['get'] };
    new k8s.KubeClusterRole(this, 'role', { metadata, rules: [rule] });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }
}

/** What can be known of it before it is made. */
export function authWorkload(namespace: string): WorkloadFacts {
  return { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [PUBLIC, ADMIN] };
}

function traffic(around: Surroundings, { region, traces }: AuthServerProps): Traffic {
  const { authFrom, administrationFrom, metricsFrom } = around;
  return {
    ingress: [
      ...allowFrom(authFrom, PUBLIC.targetPort),
      // Metrics are served beside the administration, which asks for a token of an administrator besides.
      ...allowFrom([...administrationFrom, ...namespaces(metricsFrom)], ADMIN.targetPort),
    ],
    egress: [
      DNS,
      ...[around.apiServer, around.redis, around.postgresql, around.web].flatMap(allowTo),
      ...(region ? allowTo(around.globalRedis) : []),
      ...allowToCollector(traces),
    ],
  };
}

function environment(issuer: string, secretName: string): k8s.EnvVar[] {
  const fromSecret = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: secretName, key } } });
  return [
    { name: 'AUTH_LISTEN', value: `0.0.0.0:${PUBLIC.targetPort}` },
    { name: 'AUTH_ADMIN_LISTEN', value: `0.0.0.0:${ADMIN.targetPort}` },
    { name: 'AUTH_ISSUER', value: issuer },
    fromSecret('REDIS_URL', 'redis-url'),
    fromSecret('DATABASE_URL', 'database-url'),
    { name: 'KEY_ENCRYPTION_KEY_FILE', value: `${SECRET_FILES}/key-encryption-key` },
    { name: 'WORKLOAD_KEYS', value: 'cluster' },
  ];
}

function adminEnvironment(email: string): k8s.EnvVar[] {
  return [
    { name: 'BOOTSTRAP_ADMIN_EMAIL', value: email },
    { name: 'BOOTSTRAP_ADMIN_PASSWORD_FILE', value: `${SECRET_FILES}/bootstrap-admin-password` },
  ];
}
