import { GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { addDeployment } from './deployment.ts';
import { addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface SekishoOperatorProps {
  readonly namespace: string;
  /** What runs it, or false where it runs outside the cluster. */
  readonly deployment: { readonly image: string } | false;
  /** `trustDomain` of the mesh config. @default 'cluster.local' */
  readonly trustDomain?: string;
  /** ConfigMap with the mesh config. @default istio in istio-system */
  readonly meshConfig?: { readonly namespace: string; readonly name: string };
}

const NAME = 'sekisho-operator';
const OPS_PORT = 9090;
const RBAC = 'rbac.authorization.k8s.io';

/**
 * Reads its own resources and reports on them; writes the three kinds that it generates. What stands around policies (Pods,
 * Services, WorkloadEntries) is only listed and watched. No Secrets.
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
];

/** Where istiod keeps the mesh config; a revision has one of its own (`istio-<revision>`). */
const MESH_CONFIG = { namespace: 'istio-system', name: 'istio' } as const;

/** Turns every ServiceAuthPolicy of the cluster into the mesh's own policies. */
export class SekishoOperator extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: SekishoOperatorProps) {
    super(scope, id);
    const { namespace, deployment, trustDomain, meshConfig = MESH_CONFIG } = props;
    this.workload = { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [] };
    addServiceAccount(this, this.workload);
    this.#addRole();
    this.#addMeshConfigRole(meshConfig);
    if (deployment === false) return;
    addDeployment(this, {
      workload: this.workload,
      image: deployment.image,
      apiAccess: true,
      probes: { port: OPS_PORT, live: '/healthz', ready: '/readyz' },
      env: [
        { name: 'OPERATOR_LISTEN', value: `0.0.0.0:${OPS_PORT}` },
        { name: 'TRUST_DOMAIN', value: trustDomain ?? 'cluster.local' },
        { name: 'MESH_CONFIG_MAP', value: `${meshConfig.namespace}/${meshConfig.name}` },
      ],
    });
  }

  /** That one ConfigMap, and no other in a namespace that is full of them. */
  #addMeshConfigRole(meshConfig: { readonly namespace: string; readonly name: string }): void {
    const { serviceAccount, namespace } = this.workload;
    const metadata = { name: `${NAME}-mesh-config`, namespace: meshConfig.namespace };
    new k8s.KubeRole(this, 'mesh-config-role', {
      metadata,
      rules: [
        {
          apiGroups: [''],
          resources: ['configmaps'],
          resourceNames: [meshConfig.name],
          verbs: ['get', 'list', 'watch'],
        },
      ],
    });
    new k8s.KubeRoleBinding(this, 'mesh-config-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }

  #addRole(): void {
    const { serviceAccount, namespace } = this.workload;
    new k8s.KubeClusterRole(this, 'role', { metadata: { name: NAME }, rules: RULES });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }
}
