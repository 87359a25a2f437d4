import type { ServiceAuthPolicySpec } from '@sekisho/policy';
import type { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { Replicas } from './availability.ts';
import { addDeployment, type DataFolder, type TokenFile } from './deployment.ts';
import { ServiceAuthPolicy } from './service-auth-policy.ts';
import { addService, addServiceAccount, type WorkloadFacts } from './workload.ts';

export interface AuthenticatedServiceProps {
  readonly name: string;
  readonly namespace: string;
  /** Everything of the policy but the selector, which is this service's pods. */
  readonly policy: Omit<ServiceAuthPolicySpec, 'selector' | 'targetRefs'>;
  /** What runs it, or false where its pods come from elsewhere. */
  readonly deployment: AuthenticatedDeployment | false;
  /** Port that the process serves. @default 8080 */
  readonly targetPort?: number;
}

export interface AuthenticatedDeployment {
  readonly image: string;
  /** @default none */
  readonly env?: readonly k8s.EnvVar[];
  /** Two or more survive the loss of a node. @default 1 */
  readonly replicas?: Replicas;
  /** Answers 200 without a token. @default '/healthz' */
  readonly healthPath?: string;
  /** Its token for exchange at the auth service. @default none: it calls nobody by token */
  readonly tokenFile?: TokenFile;
  /** @default none */
  readonly dataFolder?: DataFolder;
}

/** A service of the mesh with an identity of its own, and the policy that says who may call it. */
export class AuthenticatedService extends Construct {
  readonly workload: WorkloadFacts;

  constructor(scope: Construct, id: string, props: AuthenticatedServiceProps) {
    super(scope, id);
    const { name, namespace, targetPort = 8080, deployment } = props;
    const labels = { app: name };
    const ports = [{ name: 'http', port: 80, targetPort }];
    this.workload = { name, namespace, serviceAccount: name, labels, ports };
    addServiceAccount(this, this.workload);
    addService(this, this.workload);
    if (deployment !== false) {
      const { healthPath = '/healthz', ...rest } = deployment;
      const probes = { port: targetPort, live: healthPath, ready: healthPath };
      addDeployment(this, { workload: this.workload, probes, ...rest });
    }
    const spec = { selector: { matchLabels: labels }, ...props.policy };
    new ServiceAuthPolicy(this, 'policy', { name, namespace, spec });
  }
}
