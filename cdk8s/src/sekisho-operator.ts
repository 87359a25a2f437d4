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
}

const NAME = 'sekisho-operator';
const OPS_PORT = 9090;

/** Reads its own resources and reports on them; writes the three kinds that it generates. No Secrets, no pods. */
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
];

/** Turns every ServiceAuthPolicy of the cluster into the mesh's own policies. */
export class SekishoOperator extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, { namespace, deployment, trustDomain }: SekishoOperatorProps) {
    super(scope, id);
    this.workload = { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [] };
    addServiceAccount(this, this.workload);
    this.#addRole();
    if (deployment === false) return;
    addDeployment(this, {
      workload: this.workload,
      image: deployment.image,
      apiAccess: true,
      probes: { port: OPS_PORT, live: '/healthz', ready: '/readyz' },
      env: [
        { name: 'OPERATOR_LISTEN', value: `0.0.0.0:${OPS_PORT}` },
        { name: 'TRUST_DOMAIN', value: trustDomain ?? 'cluster.local' },
      ],
    });
  }

  #addRole(): void {
    const apiGroup = 'rbac.authorization.k8s.io';
    const { serviceAccount, namespace } = this.workload;
    new k8s.KubeClusterRole(this, 'role', { metadata: { name: NAME }, rules: RULES });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup, kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
    });
  }
}
