import { GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { AdmissionWebhook } from './admission-webhook.ts';
import { addDeployment } from './deployment.ts';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface SekishoOperatorProps {
  readonly namespace: string;
  /** What runs it, or false where it runs outside the cluster. */
  readonly deployment: { readonly image: string } | false;
  /** `trustDomain` of the mesh config. @default 'cluster.local' */
  readonly trustDomain?: string;
  /** Base URL of its admission webhook where it runs outside the cluster. @default by its Service */
  readonly webhookUrl?: string | undefined;
}

const NAME = 'sekisho-operator';
const OPS_PORT = 9090;
const WEBHOOK = { name: 'https-webhook', port: 443, targetPort: 9443, appProtocol: 'https' } as const;

/** Reads its own resources and reports on them; writes the three kinds that it generates. No pods, and no Secret but one. */
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

  constructor(scope: Construct, id: string, props: SekishoOperatorProps) {
    super(scope, id);
    const { namespace, deployment, trustDomain, webhookUrl } = props;
    this.workload = { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [WEBHOOK] };
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    this.#addRole();
    const webhook = new AdmissionWebhook(this, 'webhook', { operator: this.workload, url: webhookUrl });
    if (deployment === false) return;
    addDeployment(this, {
      workload: this.workload,
      image: deployment.image,
      apiAccess: true,
      probes: { port: OPS_PORT, live: '/healthz', ready: '/readyz' },
      env: [
        { name: 'OPERATOR_LISTEN', value: `0.0.0.0:${OPS_PORT}` },
        { name: 'TRUST_DOMAIN', value: trustDomain ?? 'cluster.local' },
        ...webhook.env,
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
