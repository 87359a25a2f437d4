import { GATEWAY, GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { Replicas } from './availability.ts';
import { addDeployment, DRAIN_SECONDS, type TokenFile } from './deployment.ts';
import { addGuardNetwork, addGuardPeers } from './guard-access.ts';
import type { NetworkProps } from './network/network-props.ts';
import type { Resources } from './pod.ts';
import { type RegionProps, regionEnvironment } from './region.ts';
import { type TracesProps, withTraces } from './traces.ts';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface GuardServerProps {
  readonly namespace: string;
  /** The `iss` of the platform's tokens. */
  readonly issuer: string;
  /** Where it gets its keys; the first port is the public one. A Gateway may lead there, too. */
  readonly auth: Pick<WorkloadFacts, 'name' | 'namespace' | 'labels' | 'ports'>;
  /** What runs it, or false where it runs outside the cluster. */
  readonly deployment: GuardDeployment | false;
  /** Who it talks with, or false where nothing is to be denied. @default as the properties say */
  readonly network?: NetworkProps | false | undefined;
  /** Which of several regions it is in. @default there is one */
  readonly region?: RegionProps | undefined;
  /** Where its spans go. @default nowhere */
  readonly traces?: TracesProps | undefined;
}

export interface GuardDeployment {
  readonly image: string;
  /**
   * Holds the keys `redis-url` and `key-encryption-key` (32 random bytes in base64; earlier ones may follow, one on a line), for the
   * guard alone; in one of several regions also `global-redis-url`. @default 'sekisho-guard'
   */
  readonly secretName?: string;
  /** @default 2 */
  readonly replicas?: Replicas | undefined;
  /** `trustDomain` of the mesh config. @default 'cluster.local' */
  readonly trustDomain?: string | undefined;
  /** Where people who open a page without a session are led, for example `/login` of the auth service behind the same Gateway. @default nowhere */
  readonly loginPath?: string;
  /**
   * Whether its pods get a sidecar, and only callers with a certificate of the mesh are answered, over mTLS. In a namespace that enforces
   * `restricted` it needs the Istio CNI plugin. @default false: a NetworkPolicy alone says who comes
   */
  readonly meshed?: boolean | undefined;
  /** Namespace of istiod, which a sidecar asks. @default 'istio-system' */
  readonly istiodNamespace?: string | undefined;
  /** Beside those rendered here. @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default as measured */
  readonly resources?: Resources;
}

const NAME = 'sekisho-guard';
/** What proves to the auth service who asks for the guard's keys. */
export const GUARD_SERVICE_ACCOUNT = NAME;
/** As the providers in istio/mesh-config.yaml name it. */
const CHECK = { name: 'http', port: 80, targetPort: 8080 } as const;
const OPS_PORT = 9090;
const SECRET_FILES = '/var/run/secrets/sekisho/guard';
const WORKLOAD_TOKEN: TokenFile = {
  ...{ mountPath: '/var/run/secrets/sekisho/workload', file: 'token' },
  ...{ audience: 'sekisho', expirationSeconds: 3_600 },
};
/** 100,000 sessions and 20,000 verified tokens in memory. */
const RESOURCES: Resources = { cpu: '200m', memory: '192Mi', memoryLimit: '512Mi' };
/** What routes and policies are read from. It writes nothing in the cluster. */
const RULES: k8s.PolicyRule[] = [
  { apiGroups: [GROUP], resources: ['serviceauthpolicies', 'tokenissuers'], verbs: ['list', 'watch'] },
  { apiGroups: [GATEWAY.group], resources: ['gateways', 'httproutes', 'referencegrants'], verbs: ['list', 'watch'] },
  { apiGroups: ['security.istio.io'], resources: ['requestauthentications'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
];

/** The server that proxies ask about requests. */
export class GuardServer extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: GuardServerProps) {
    super(scope, id);
    const { namespace, deployment } = props;
    this.workload = guardWorkload(namespace);
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    this.#addRole();
    if (deployment !== false) this.#deploy(props, deployment);
  }

  #deploy(props: GuardServerProps, deployment: GuardDeployment): void {
    const { image, secretName = 'sekisho-guard', replicas = 2, meshed = false } = deployment;
    const { workload } = this;
    addDeployment(this, {
      ...{ workload, image, replicas },
      apiAccess: true,
      tokenFile: WORKLOAD_TOKEN,
      probes: { port: OPS_PORT, live: '/healthz', ready: '/readyz' },
      env: withTraces([...environment(props, { ...deployment, secretName }), ...(deployment.env ?? [])], props.traces),
      secretFiles: { secretName, mountPath: SECRET_FILES, keys: ['key-encryption-key'] },
      resources: deployment.resources ?? RESOURCES,
      drainSeconds: DRAIN_SECONDS,
      ...(meshed && { podLabels: { 'sidecar.istio.io/inject': 'true' } }),
    });
    const ports = { check: CHECK.targetPort, ops: OPS_PORT };
    const { auth, region, traces, network = {} } = props;
    const istiodNamespace = meshed && (deployment.istiodNamespace ?? 'istio-system');
    if (network !== false)
      addGuardNetwork(this, { workload, ports }, { auth, istiodNamespace, network, region, traces });
    if (meshed) addGuardPeers(this, { workload, ports });
  }

  #addRole(): void {
    const { serviceAccount, namespace } = this.workload;
    new k8s.KubeClusterRole(this, 'role', { metadata: { name: NAME }, rules: RULES });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }
}

/** What can be known of it before it is made. */
export function guardWorkload(namespace: string): WorkloadFacts {
  return { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [CHECK] };
}

function environment(
  { issuer, auth, region }: GuardServerProps,
  { secretName, trustDomain = 'cluster.local', loginPath }: GuardDeployment & { readonly secretName: string },
): k8s.EnvVar[] {
  return [
    { name: 'GUARD_LISTEN', value: `0.0.0.0:${CHECK.targetPort}` },
    { name: 'GUARD_OPS_LISTEN', value: `0.0.0.0:${OPS_PORT}` },
    { name: 'AUTH_ISSUER', value: issuer },
    { name: 'AUTH_URL', value: `http://${auth.name}.${auth.namespace}` },
    { name: 'AUTH_SERVICE', value: `${auth.namespace}/${auth.name}` },
    { name: 'TRUST_DOMAIN', value: trustDomain },
    ...(loginPath === undefined ? [] : [{ name: 'GUARD_LOGIN_PATH', value: loginPath }]),
    { name: 'REDIS_URL', valueFrom: { secretKeyRef: { name: secretName, key: 'redis-url' } } },
    ...regionEnvironment(region, secretName),
    { name: 'KEY_ENCRYPTION_KEY_FILE', value: `${SECRET_FILES}/key-encryption-key` },
    { name: 'WORKLOAD_TOKEN_FILE', value: `${WORKLOAD_TOKEN.mountPath}/${WORKLOAD_TOKEN.file}` },
  ];
}
