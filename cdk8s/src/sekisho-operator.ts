import { GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { AdmissionWebhook } from './admission-webhook.ts';
import { addDeployment, DRAIN_SECONDS } from './deployment.ts';
import { surroundings } from './network/defaults.ts';
import { addNetworkPolicy, allowFrom, allowFromAnybody, allowTo, DNS, type Traffic } from './network/network-policy.ts';
import type { NetworkProps } from './network/network-props.ts';
import { firstPortOf, istiod, namespaces } from './network/peers.ts';
import type { Resources } from './pod.ts';
import { allowToCollector, type TracesProps, withTraces } from './traces.ts';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface SekishoOperatorProps {
  readonly namespace: string;
  /** What runs it, or false where it runs outside the cluster. */
  readonly deployment: OperatorDeployment | false;
  /** `trustDomain` of the mesh config. @default 'cluster.local' */
  readonly trustDomain?: string | undefined;
  /** `rootNamespace` of the mesh config, where a policy would reach into every namespace and is refused. @default 'istio-system' */
  readonly rootNamespace?: string | undefined;
  /** ConfigMap with the mesh config. @default istio in istio-system */
  readonly meshConfig?: ObjectName;
  /** Namespace of istiod, whose replicas are asked which proxies have the generated objects. @default 'istio-system' */
  readonly istiodNamespace?: string;
  /** Who it talks with, or false where nothing is to be denied. @default as the properties say */
  readonly network?: NetworkProps | false | undefined;
  /** Where its spans go. @default nowhere */
  readonly traces?: TracesProps | undefined;
  /** An auth service of the cluster, whose keys it fetches from the first port. @default none: keys come from outside */
  readonly auth?: Pick<WorkloadFacts, 'namespace' | 'labels' | 'ports'>;
  /** Base URL of its admission webhook where it runs outside the cluster. @default by its Service */
  readonly webhookUrl?: string | undefined;
}

export interface OperatorDeployment {
  readonly image: string;
  /** One works; each further one shortens an outage of it, and of its webhook. @default 2 */
  readonly replicas?: number | undefined;
  /** Beside those rendered here. @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default as measured */
  readonly resources?: Resources;
}

const NAME = 'sekisho-operator';
const OPS_PORT = 9090;
const ISTIOD_NAMESPACE = 'istio-system';
/** One writes, the other takes over within a second when it is told to stop, and within a lease when it is gone. */
const REPLICAS = 2;
/** 162 MiB at rest with a handful of policies; a thousand of them need the rest. */
const RESOURCES: Resources = { cpu: '100m', memory: '192Mi', memoryLimit: '512Mi' };
const WEBHOOK = { name: 'https-webhook', port: 443, targetPort: 9443, appProtocol: 'https' } as const;

/**
 * Reads its own resources and reports on them; writes the three kinds that it generates. What stands around policies (Pods,
 * Services, WorkloadEntries) is only listed and watched. No Secret but one.
 */
const RULES: k8s.PolicyRule[] = [
  { apiGroups: [GROUP], resources: ['serviceauthpolicies', 'tokenissuers'], verbs: ['get', 'list', 'watch'] },
  {
    apiGroups: [GROUP],
    resources: ['serviceauthpolicies/status', 'tokenissuers/status'],
    verbs: ['patch', 'update'],
  },
  {
    // Owner references that block deletion need it where OwnerReferencesPermissionEnforcement is on.
    apiGroups: [GROUP],
    resources: ['serviceauthpolicies/finalizers'],
    verbs: ['update'],
  },
  {
    apiGroups: ['security.istio.io'],
    resources: ['authorizationpolicies', 'requestauthentications', 'peerauthentications'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
  },
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['list', 'watch'] },
  { apiGroups: ['networking.istio.io'], resources: ['workloadentries'], verbs: ['list', 'watch'] },
  {
    // Whether a policy was deleted, or went with its definition.
    apiGroups: ['apiextensions.k8s.io'],
    resources: ['customresourcedefinitions'],
    resourceNames: [`serviceauthpolicies.${GROUP}`],
    verbs: ['get'],
  },
];

function traffic(network: NetworkProps, props: SekishoOperatorProps): Traffic {
  const { auth, istiodNamespace = ISTIOD_NAMESPACE, traces } = props;
  const { metricsFrom, apiServer, web } = surroundings(network);
  return {
    // The API server calls from where no selector finds it.
    ingress: [allowFromAnybody(WEBHOOK.targetPort), ...allowFrom(namespaces(metricsFrom), OPS_PORT)],
    egress: [
      DNS,
      ...allowTo(apiServer),
      ...allowTo(istiod(istiodNamespace, 15_014)),
      ...(auth ? allowTo(firstPortOf(auth)) : []),
      ...allowTo(web),
      ...allowToCollector(traces),
    ],
  };
}

interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** Where istiod keeps the mesh config; a revision has one of its own (`istio-<revision>`). */
const MESH_CONFIG: ObjectName = { namespace: 'istio-system', name: 'istio' };

/** Events live in the namespace of what they tell of, so in any. */
const EVENT_RULE: k8s.PolicyRule = { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] };

/** The Lease by which replicas elect the one that writes. A name cannot be demanded of what is created. */
const LEASE_RULES: k8s.PolicyRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [NAME], verbs: ['get', 'update'] },
];

/** istiod knows tokens of this audience. Short-lived, for it travels to istiod's monitoring port in the clear. */
const ISTIOD_TOKEN = {
  mountPath: '/var/run/secrets/sekisho/istiod',
  file: 'token',
  audience: 'istio-ca',
  expirationSeconds: 600,
} as const;

function environment(props: SekishoOperatorProps): k8s.EnvVar[] {
  const { trustDomain, rootNamespace, meshConfig = MESH_CONFIG, istiodNamespace = ISTIOD_NAMESPACE } = props;
  return [
    { name: 'OPERATOR_LISTEN', value: `0.0.0.0:${OPS_PORT}` },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'TRUST_DOMAIN', value: trustDomain ?? 'cluster.local' },
    { name: 'ROOT_NAMESPACE', value: rootNamespace ?? 'istio-system' },
    { name: 'MESH_CONFIG_MAP', value: `${meshConfig.namespace}/${meshConfig.name}` },
    { name: 'ISTIOD_NAMESPACE', value: istiodNamespace },
    { name: 'ISTIOD_TOKEN_FILE', value: `${ISTIOD_TOKEN.mountPath}/${ISTIOD_TOKEN.file}` },
  ];
}

/** Turns every ServiceAuthPolicy of the cluster into the mesh's own policies. */
export class SekishoOperator extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: SekishoOperatorProps) {
    super(scope, id);
    const { namespace, deployment, meshConfig = MESH_CONFIG, istiodNamespace = ISTIOD_NAMESPACE, webhookUrl } = props;
    this.workload = { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [WEBHOOK] };
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    this.#addRoles();
    this.#addMeshConfigRole(meshConfig);
    this.#addIstiodRole(istiodNamespace);
    const webhook = new AdmissionWebhook(this, 'webhook', { operator: this.workload, url: webhookUrl });
    if (deployment === false) return;
    const { network = {} } = props;
    if (network !== false) addNetworkPolicy(this, this.workload, traffic(network, props));
    addDeployment(this, {
      workload: this.workload,
      image: deployment.image,
      replicas: deployment.replicas ?? REPLICAS,
      apiAccess: true,
      tokenFile: ISTIOD_TOKEN,
      probes: { port: OPS_PORT, live: '/healthz', ready: '/readyz' },
      env: withTraces([...environment(props), ...webhook.env, ...(deployment.env ?? [])], props.traces),
      resources: deployment.resources ?? RESOURCES,
      // The API server asks its webhook through the Service.
      drainSeconds: DRAIN_SECONDS,
    });
  }

  /** Which replicas of istiod there are. What they answer, they allow by its own settings (DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES). */
  #addIstiodRole(namespace: string): void {
    const rules = [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] }];
    this.#addRole('istiod', { name: `${NAME}-istiod`, namespace }, rules);
  }

  /** That one ConfigMap, and no other in a namespace that is full of them. */
  #addMeshConfigRole(meshConfig: ObjectName): void {
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [meshConfig.name], verbs: ['get', 'list', 'watch'] },
    ];
    this.#addRole('mesh-config', { name: `${NAME}-mesh-config`, namespace: meshConfig.namespace }, rules);
  }

  #addRole(id: string, metadata: ObjectName, rules: k8s.PolicyRule[]): void {
    const { serviceAccount, namespace } = this.workload;
    new k8s.KubeRole(this, `${id}-role`, { metadata: { ...metadata }, rules });
    new k8s.KubeRoleBinding(this, `${id}-binding`, {
      metadata: { ...metadata },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }

  #addRoles(): void {
    const { serviceAccount, namespace } = this.workload;
    const subjects = [{ kind: 'ServiceAccount', name: serviceAccount, namespace }];
    const apiGroup = 'rbac.authorization.k8s.io';
    new k8s.KubeClusterRole(this, 'role', { metadata: { name: NAME }, rules: [...RULES, EVENT_RULE] });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup, kind: 'ClusterRole', name: NAME },
      subjects,
    });
    new k8s.KubeRole(this, 'lease-role', { metadata: { name: NAME, namespace }, rules: LEASE_RULES });
    new k8s.KubeRoleBinding(this, 'lease-binding', {
      metadata: { name: NAME, namespace },
      roleRef: { apiGroup, kind: 'Role', name: NAME },
      subjects,
    });
  }
}
