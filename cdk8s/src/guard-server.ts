import { GATEWAY, GROUP } from '@sekisho/policy';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface GuardServerProps {
  readonly namespace: string;
}

const NAME = 'sekisho-guard';
/** What proves to the auth service who asks for the guard's keys. */
export const GUARD_SERVICE_ACCOUNT = NAME;
/** As the providers in istio/mesh-config.yaml name it. */
const CHECK = { name: 'http', port: 80, targetPort: 8080 } as const;

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

  constructor(scope: Construct, id: string, { namespace }: GuardServerProps) {
    super(scope, id);
    this.workload = { name: NAME, namespace, serviceAccount: NAME, labels: { app: NAME }, ports: [CHECK] };
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    this.#addRole();
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
